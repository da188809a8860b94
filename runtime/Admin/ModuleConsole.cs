using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Wagi.Hosting.Consoles;

namespace Wagi.Runtime.Admin;

/// <summary>
/// The console: a page for people who want to see what the modules do, and its data. Who may look is said by <see cref="ConsoleRequests"/>.
/// </summary>
/// <param name="reporter">What there is to see.</param>
/// <param name="sender">Sends requests; null: the console only shows.</param>
internal sealed class ModuleConsole(ConsoleReporter reporter, ConsoleSender? sender)
{
    /// <summary>A browser lets no other site's page send a request with this header: it would ask first, and is refused.</summary>
    public const string OwnHeader = "X-Wagi-Console";

    private static readonly ConsolePage Page = ConsolePage.Of(typeof(ModuleConsole).Assembly);

    /// <summary>Answers a request to the console; null: it is not for the console.</summary>
    public Task? TryAnswer(HttpContext context) => context.Request.Path.Value switch
    {
        "/" or "/console" => ConsoleRequests.AnswerAsync(context, HttpMethods.Get, () => Page.WriteAsync(context)),
        "/console/data" => ConsoleRequests.AnswerAsync(context, HttpMethods.Get, () => ReportAsync(context), isData: true),
        "/console/module" => ConsoleRequests.AnswerAsync(context, HttpMethods.Get, () => DescribeAsync(context), isData: true),
        "/console/send" => ConsoleRequests.AnswerAsync(context, HttpMethods.Post, () => SendAsync(context), isData: true),
        _ => null,
    };

    private Task ReportAsync(HttpContext context)
    {
        var query = context.Request.Query;
        long Number(string name) => long.TryParse(query[name], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
        var known = new ConsoleKnowledge(Number("process"), Number("number"), Number("version"), Number("request"), Number("failure"));
        return reporter.Report(known, sender?.Server?.GetLeftPart(UriPartial.Authority)) is { } report
            ? ConsoleRequests.WriteAsync(context, writer => Write(writer, report))
            : ConsoleRequests.RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, "the configuration has not been read yet");
    }

    private Task DescribeAsync(HttpContext context)
    {
        var id = context.Request.Query["id"].ToString();
        return reporter.Describe(id) is { } module
            ? ConsoleRequests.WriteAsync(context, writer => JsonSerializer.Serialize(writer, module, ConsoleJsonContext.Default.ConsoleModule))
            : ConsoleRequests.RefuseAsync(context, StatusCodes.Status404NotFound, "there is no such module");
    }

    private async Task SendAsync(HttpContext context)
    {
        if (sender?.Server is null)
        {
            await ConsoleRequests.RefuseAsync(context, StatusCodes.Status403Forbidden, "this console only shows: requests are sent from that of a runtime on one's own machine");
            return;
        }

        if (!context.Request.HasJsonContentType() || !context.Request.Headers.ContainsKey(OwnHeader))
        {
            await ConsoleRequests.RefuseAsync(context, StatusCodes.Status403Forbidden, $"a request is application/json, with the header {OwnHeader}");
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
                await ConsoleRequests.WriteAsync(context, writer => JsonSerializer.Serialize(writer, answer, ConsoleJsonContext.Default.ConsoleAnswer));
                return;
            }
        }
        catch (JsonException)
        {
            error = """a request is JSON such as {"method": "GET", "target": "/"}, perhaps with "headers" and "body", which are text""";
        }

        await ConsoleRequests.RefuseAsync(context, StatusCodes.Status400BadRequest, error);
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
}
