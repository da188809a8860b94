using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Wagi.Modules.Routes;

namespace Wagi.Runtime.Cgi;

/// <summary>
/// The span of a request, one for each part of its time, and the context that the guest and what it asks carry on (W3C Trace Context). Nothing
/// of it happens while nobody listens. Names of attributes: OpenTelemetry's semantic conventions for HTTP servers.
/// </summary>
internal static class RequestTrace
{
    /// <summary>The name of the activity source.</summary>
    public const string SourceName = "Wagi.Runtime";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>Whether anybody listens.</summary>
    public static bool IsOn => Source.HasListeners();

    /// <summary>Begins the span of a request. What the request says of its trace says this span's id from here on.</summary>
    /// <param name="context">The request.</param>
    /// <param name="module">The module's id.</param>
    /// <param name="route">The route that it matched.</param>
    /// <returns>The span, current until it is ended; null: it is not sampled.</returns>
    public static Activity? Begin(HttpContext context, string module, RoutePattern route)
    {
        var (request, headers) = (context.Request, context.Request.Headers);
        _ = ActivityContext.TryParse(headers.TraceParent, headers.TraceState, isRemote: true, out var parent);
        if (Source.StartActivity($"{request.Method} {route}", ActivityKind.Server, parent) is not { } span)
        {
            return null;
        }

        headers.TraceParent = span.Id;
        if (span.IsAllDataRequested)
        {
            span.SetTag("http.request.method", request.Method);
            span.SetTag("http.route", route.ToString());
            span.SetTag("url.scheme", request.Scheme);
            span.SetTag("url.path", request.Path.Value);
            span.SetTag("server.address", request.Host.Host);
            span.SetTag("wagi.module", module);
            span.SetTag("wagi.request.id", context.TraceIdentifier);
        }

        return span;
    }

    /// <summary>Ends it.</summary>
    /// <param name="span">The span.</param>
    /// <param name="end">What became of the request.</param>
    /// <param name="status">The status code that was sent; 0 when nobody was there to receive one.</param>
    /// <param name="duration">How long the request took.</param>
    public static void End(Activity span, RequestEnd end, int status, TimeSpan duration)
    {
        span.SetEndTime(span.StartTimeUtc + duration);
        if (span.IsAllDataRequested)
        {
            var outcome = HandlerMetrics.NameOf(end.Outcome);
            span.SetTag("wagi.outcome", outcome);
            if (status != 0)
            {
                span.SetTag("http.response.status_code", status);
            }

            if (status >= StatusCodes.Status500InternalServerError || end.Outcome.IsFailure())
            {
                span.SetTag("error.type", end.Outcome == RequestOutcome.Completed ? $"{status}" : outcome);
                span.SetStatus(ActivityStatusCode.Error, end.Reason);
            }

            if (end.Parts is { } parts)
            {
                AddParts(span, parts, duration);
            }
        }

        span.Stop();
    }

    /// <summary>
    /// One after the other, as they mostly are. What the guest has asked by HTTP has spans of its own, and is in the guest's time here.
    /// </summary>
    private static void AddParts(Activity span, in RequestParts parts, TimeSpan duration)
    {
        var at = span.StartTimeUtc;
        Add("receiving", parts.Receiving);
        Add("waiting", parts.Waiting);
        Add("instance", parts.Instance);
        Add("guest", parts.Guest + parts.Outbound);
        Add("sending", parts.Sending(duration));

        void Add(string name, TimeSpan length)
        {
            if (length > TimeSpan.Zero)
            {
                using var part = Source.StartActivity(name, ActivityKind.Internal, span.Context, startTime: at);
                at += length;
                part?.SetEndTime(at);
            }
        }
    }
}
