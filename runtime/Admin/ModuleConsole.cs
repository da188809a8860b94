using System.Globalization;
using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Wagi.Runtime.Serving;

namespace Wagi.Runtime.Admin;

/// <summary>
/// The console: a page for people who want to see what the modules do, and its data. There is no login: whoever reaches the port may look.
/// Browsers, which reach the port of their own machine from any page, may from pages of the console itself.
/// </summary>
/// <param name="reporter">What there is to see.</param>
/// <param name="sender">Sends requests; null: the console only shows.</param>
internal sealed class ModuleConsole(ConsoleReporter reporter, ConsoleSender? sender)
{
    /// <summary>A browser lets no other site's page send a request with this header: it would ask first, and is refused.</summary>
    public const string OwnHeader = "X-Wagi-Console";

    private const string Text = "text/plain; charset=utf-8";

    /// <summary>What is written is JSON, and never part of a page.</summary>
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Answers a request to the console; null: it is not for the console.</summary>
    public Task? TryAnswer(HttpContext context) => context.Request.Path.Value switch
    {
        "/" or "/console" => AnswerAsync(context, HttpMethods.Get, () => ConsolePage.WriteAsync(context)),
        "/console/data" => AnswerAsync(context, HttpMethods.Get, () => ReportAsync(context), isData: true),
        "/console/module" => AnswerAsync(context, HttpMethods.Get, () => DescribeAsync(context), isData: true),
        "/console/send" => AnswerAsync(context, HttpMethods.Post, () => SendAsync(context), isData: true),
        _ => null,
    };

    private static Task AnswerAsync(HttpContext context, string method, Func<Task> answer, bool isData = false)
    {
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

    /// <summary>What browsers say about where a request comes from (Fetch Metadata, and RFC 6454 §7); other programs say nothing.</summary>
    private static bool IsOwn(HttpRequest request) =>
        request.Headers["Sec-Fetch-Site"].ToString() is "" or "same-origin" or "none"
        && (request.Headers.Origin.ToString() is var origin && (origin.Length == 0 || origin == $"{request.Scheme}://{request.Host}"));

    private Task ReportAsync(HttpContext context)
    {
        var query = context.Request.Query;
        long Number(string name) => long.TryParse(query[name], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
        var known = new ConsoleKnowledge(Number("process"), Number("number"), Number("version"), Number("request"), Number("failure"));
        return reporter.Report(known, sender?.Server?.GetLeftPart(UriPartial.Authority)) is { } report
            ? WriteAsync(context, writer => Write(writer, report))
            : RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, "the configuration has not been read yet");
    }

    private Task DescribeAsync(HttpContext context)
    {
        var id = context.Request.Query["id"].ToString();
        return reporter.Describe(id) is { } module
            ? WriteAsync(context, writer => JsonSerializer.Serialize(writer, module, ConsoleJsonContext.Default.ConsoleModule))
            : RefuseAsync(context, StatusCodes.Status404NotFound, "there is no such module");
    }

    private async Task SendAsync(HttpContext context)
    {
        if (sender?.Server is null)
        {
            await RefuseAsync(context, StatusCodes.Status403Forbidden, "this console only shows: requests are sent from that of a runtime on one's own machine");
            return;
        }

        if (!context.Request.HasJsonContentType() || !context.Request.Headers.ContainsKey(OwnHeader))
        {
            await RefuseAsync(context, StatusCodes.Status403Forbidden, $"a request is application/json, with the header {OwnHeader}");
            return;
        }

        string error;
        try
        {
            var form = await JsonSerializer.DeserializeAsync(
                context.Request.Body, ConsoleRequestJsonContext.Default.ConsoleRequest, context.RequestAborted);
            error = "there is no request";
            if (form is not null && ConsoleSender.Read(form, out error) is { } request)
            {
                var answer = await sender.SendAsync(request, context.RequestAborted);
                await WriteAsync(context, writer => JsonSerializer.Serialize(writer, answer, ConsoleJsonContext.Default.ConsoleAnswer));
                return;
            }
        }
        catch (JsonException exception)
        {
            error = $"the request is not valid: {exception.Message}";
        }

        await RefuseAsync(context, StatusCodes.Status400BadRequest, error);
    }

    private static void Write(Utf8JsonWriter writer, ConsoleReport report)
    {
        writer.WriteStartObject();
        writer.WritePropertyName("report");
        JsonSerializer.Serialize(writer, report, ConsoleJsonContext.Default.ConsoleReport);
        if (report.Status is { } status)
        {
            writer.WritePropertyName("status");
            writer.WriteRawValue(status, skipInputValidation: true); // Our own.
        }

        writer.WriteEndObject();
    }

    private static async Task WriteAsync(HttpContext context, Action<Utf8JsonWriter> write)
    {
        context.Response.ContentType = "application/json";
        await using (var writer = new Utf8JsonWriter(context.Response.BodyWriter, Readable))
        {
            write(writer);
        }

        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    /// <summary>Texts may name what a person wrote, in any alphabet.</summary>
    private static Task RefuseAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = Text;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.WriteAsync(text + "\n", context.RequestAborted);
    }
}
