using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Wagi.Runtime.Cgi;

namespace Wagi.Runtime.Access;

/// <summary>
/// Requests that are no HTTP: the server answers them before an application could see one, and tells of it on its diagnostic channel, whose
/// other events nobody listens to.
/// </summary>
internal sealed class RefusedRequests : IObserver<KeyValuePair<string, object?>>
{
    private const string BadRequest = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";

    private readonly AccessLog _log;
    private readonly RequestMetrics _metrics;

    private RefusedRequests(AccessLog log, RequestMetrics metrics)
    {
        _log = log;
        _metrics = metrics;
    }

    /// <summary>Listens until what it gives back is disposed of.</summary>
    /// <param name="server">The server's services.</param>
    /// <param name="log">Told of the requests.</param>
    /// <param name="metrics">Counts them.</param>
    public static IDisposable Listen(IServiceProvider server, AccessLog log, RequestMetrics metrics) =>
        server.GetRequiredService<DiagnosticListener>().Subscribe(new RefusedRequests(log, metrics), static name => name == BadRequest);

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value.Value is IFeatureCollection request
            && request.Get<IBadRequestExceptionFeature>()?.Error is BadHttpRequestException exception
            && !HasBegun(request))
        {
            _metrics.RecordRefused(exception.StatusCode);
            _log.AddRefused(request, exception.StatusCode);
        }
    }

    /// <summary>Whether an application saw the request, and said what there is to say about it: the fault is in the body.</summary>
    private static bool HasBegun(IFeatureCollection request) => request.Get<IHttpResponseFeature>()?.Headers.ContainsKey(RequestId.Header) == true;

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }
}
