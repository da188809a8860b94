using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Wagi.Hosting.Consoles;

/// <summary>
/// The page of a console: one file with its style and its script, which are the only ones that a browser runs there. Both begin with what all
/// consoles have in common.
/// </summary>
public sealed class ConsolePage
{
    private readonly byte[] _html;
    private readonly string _policy;

    private ConsolePage(string html)
    {
        _html = Encoding.UTF8.GetBytes(html);
        _policy = PolicyOf(html);
    }

    /// <summary>Reads the page out of a program.</summary>
    /// <param name="program">The program, with the resource <c>console.html</c>.</param>
    /// <exception cref="InvalidOperationException">It has no such resource.</exception>
    public static ConsolePage Of(Assembly program)
    {
        ArgumentNullException.ThrowIfNull(program);
        var own = typeof(ConsolePage).Assembly;
        var html = Read(program, "console.html");
        foreach (var shared in new[] { "console.css", "console.js" })
        {
            html = html.Replace($"/* {shared} */\n", Read(own, shared), StringComparison.Ordinal);
        }

        return new ConsolePage(html);
    }

    /// <summary>Sends the page.</summary>
    public async Task WriteAsync(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = _policy;
        headers.XFrameOptions = "DENY"; // For browsers that do not know frame-ancestors.
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        context.Response.ContentType = "text/html; charset=utf-8";
        context.Response.ContentLength = _html.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(_html, context.RequestAborted);
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

    private static string Read(Assembly assembly, string name)
    {
        using var stream = assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"the program has no resource {name} for its console");
        using var text = new StreamReader(stream, Encoding.UTF8);
        return text.ReadToEnd();
    }
}
