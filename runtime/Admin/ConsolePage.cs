using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Wagi.Runtime.Admin;

/// <summary>The page of the console: one file with its style and its script, which are the only ones that a browser runs there.</summary>
internal static class ConsolePage
{
    private static readonly byte[] Html = Read();
    private static readonly string Policy = PolicyOf(Encoding.UTF8.GetString(Html));

    /// <summary>Sends the page.</summary>
    public static async Task WriteAsync(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XFrameOptions = "DENY"; // For browsers that do not know frame-ancestors.
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        context.Response.ContentType = "text/html; charset=utf-8";
        context.Response.ContentLength = Html.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(Html, context.RequestAborted);
        }
    }

    /// <summary>Content Security Policy Level 3: nothing but what is on the page itself, by its hash, and the console's own data.</summary>
    private static string PolicyOf(string html) => string.Join(
        "; ",
        "default-src 'none'",
        $"script-src {HashOf(html, "script")}",
        $"style-src {HashOf(html, "style")}",
        "connect-src 'self'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'");

    private static string HashOf(string html, string element)
    {
        var start = html.IndexOf($"<{element}>", StringComparison.Ordinal) + element.Length + 2;
        var end = html.IndexOf($"</{element}>", start, StringComparison.Ordinal);
        return $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(html[start..end])))}'";
    }

    private static byte[] Read()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("console.html")
            ?? throw new InvalidOperationException("the program has no page for its console");
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
