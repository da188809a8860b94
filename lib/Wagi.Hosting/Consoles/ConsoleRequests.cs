using System.Buffers;
using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace Wagi.Hosting.Consoles;

/// <summary>
/// Answers requests to a console. There is no login: whoever reaches it may look. Browsers, which reach the ports of their own machine from any
/// page, may from pages of the console itself.
/// </summary>
public static class ConsoleRequests
{
    /// <summary>Why a request is refused for which <see cref="NamesThisMachine"/> is false.</summary>
    public const string ForeignName = "this port answers to localhost and to the addresses of this machine only";

    private const string Text = "text/plain; charset=utf-8";

    /// <summary>What is written is JSON, and never part of a page.</summary>
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// Whether a request to the port of one's own machine says so. A name that leads there is somebody's whose page would then read as ours (DNS
    /// rebinding). Who names no host is no browser.
    /// </summary>
    public static bool NamesThisMachine(HttpRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var host = request.Host.Host;
        return host is null or "" || host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
    }

    /// <summary>Answers, unless the method is another, or the page of another origin asks for data.</summary>
    public static Task AnswerAsync(HttpContext context, string method, Func<Task> answer, bool isData = false)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(answer);
        var (request, headers) = (context.Request, context.Response.Headers);
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers.CacheControl = "no-store";
        if (isData && !IsOwn(request))
        {
            return RefuseAsync(context, StatusCodes.Status403Forbidden, "the console's data are for its own page only");
        }

        if (request.Method != method && !(method == HttpMethods.Get && HttpMethods.IsHead(request.Method)))
        {
            headers.Allow = method == HttpMethods.Get ? "GET, HEAD" : method;
            return RefuseAsync(context, StatusCodes.Status405MethodNotAllowed, $"the method is {method}");
        }

        return answer();
    }

    /// <summary>JSON as the page reads it.</summary>
    public static ReadOnlyMemory<byte> ToJson<T>(T report, JsonTypeInfo<T> type)
    {
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json, Readable))
        {
            JsonSerializer.Serialize(writer, report, type);
        }

        return json.WrittenMemory;
    }

    /// <summary>Answers with JSON.</summary>
    public static async Task WriteAsync(HttpContext context, Action<Utf8JsonWriter> write)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(write);
        context.Response.ContentType = "application/json";
        await using (var writer = new Utf8JsonWriter(context.Response.BodyWriter, Readable))
        {
            write(writer);
        }

        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    /// <summary>Says why there is nothing else. Texts may name what a person wrote, in any alphabet.</summary>
    public static Task RefuseAsync(HttpContext context, int status, string text)
    {
        ArgumentNullException.ThrowIfNull(context);
        context.Response.StatusCode = status;
        context.Response.ContentType = Text;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.WriteAsync(text + "\n", context.RequestAborted);
    }

    /// <summary>What browsers say about where a request comes from (Fetch Metadata, and RFC 6454 §7); other programs say nothing.</summary>
    private static bool IsOwn(HttpRequest request) =>
        request.Headers["Sec-Fetch-Site"].ToString() is "" or "same-origin" or "none"
        && (request.Headers.Origin.ToString() is var origin && (origin.Length == 0 || origin == $"{request.Scheme}://{request.Host}"));
}
