using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Wagi.Hosting.Consoles;

namespace Wagi.Operator.Overview;

/// <summary>
/// The console: a page for people who want to see what becomes of WagiModules and classes, and its data. It names the modules, routes and hosts of
/// all tenants, and the port is open to what probes and scrapes it, so it answers to this machine alone: in a cluster that is
/// <c>kubectl port-forward</c>, for which one needs the right to the operator's pods.
/// </summary>
internal sealed class OperatorConsole(OverviewReporter reporter)
{
    private const string NotFromHere = "the console answers to connections from this machine, or this pod, only: kubectl port-forward";

    /// <summary>What proxies add (RFC 9110 §7.6.3, RFC 7239, and its predecessors): somebody else is behind such a connection.</summary>
    private static readonly string[] OfProxies = [HeaderNames.Via, "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"];

    private static readonly ConsolePage Page = ConsolePage.Of(typeof(OperatorConsole).Assembly);

    /// <summary>Answers a request to the console; null: it is not for the console.</summary>
    public Task? TryAnswer(HttpContext context) => context.Request.Path.Value switch
    {
        "/" or "/console" => AnswerAsync(context, () => Page.WriteAsync(context), isData: false),
        "/console/data" => AnswerAsync(context, () => WriteAsync(context, reporter.Overview())),
        "/console/modules" => AnswerAsync(context, () => WriteAsync(context, reporter.Modules())),
        "/console/module" => AnswerAsync(context, () => reporter.Module(context.Request.Query["id"].ToString()) is { } module
            ? WriteAsync(context, module)
            : ConsoleRequests.RefuseAsync(context, StatusCodes.Status404NotFound, "there is no such WagiModule")),
        _ => null,
    };

    private static Task AnswerAsync(HttpContext context, Func<Task> answer, bool isData = true)
    {
        if (!IsOfThisMachine(context))
        {
            return ConsoleRequests.RefuseAsync(context, StatusCodes.Status403Forbidden, NotFromHere);
        }

        return ConsoleRequests.NamesThisMachine(context.Request)
            ? ConsoleRequests.AnswerAsync(context, HttpMethods.Get, answer, isData)
            : ConsoleRequests.RefuseAsync(context, StatusCodes.Status421MisdirectedRequest, ConsoleRequests.ForeignName);
    }

    /// <summary>
    /// Whether the client is on this machine. Other loopback addresses than the usual ones are those from which the sidecars of a mesh hand on what
    /// came from elsewhere.
    /// </summary>
    private static bool IsOfThisMachine(HttpContext context)
    {
        var address = context.Connection.RemoteIpAddress;
        address = address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;
        return (IPAddress.Loopback.Equals(address) || IPAddress.IPv6Loopback.Equals(address)) && !OfProxies.Any(context.Request.Headers.ContainsKey);
    }

    private static async Task WriteAsync(HttpContext context, Tagged report)
    {
        var tag = $"\"{report.Tag}\"";
        context.Response.Headers.ETag = tag;
        if (context.Request.Headers.IfNoneMatch == tag)
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        context.Response.ContentType = "application/json";
        context.Response.ContentLength = report.Json.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(report.Json, context.RequestAborted);
        }
    }
}
