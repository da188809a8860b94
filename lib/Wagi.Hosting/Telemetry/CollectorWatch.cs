using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Wagi.Hosting.Telemetry;

/// <summary>
/// Sends what an exporter sends, and tells the log once when the collector does not take it, and once when it does again. The exporter itself
/// tells only an event source, which nobody reads.
/// </summary>
/// <param name="exporter">The exporter's own client, which is this one's from here on: it knows about certificates and time limits.</param>
/// <param name="logger">Where to tell.</param>
internal sealed partial class CollectorWatch(HttpClient exporter, ILogger logger) : HttpMessageHandler
{
    private const int GrpcOk = 0;

    private readonly ILogger _logger = logger;
    private volatile bool _isFailing;

    /// <summary>A client that sends through the exporter's own.</summary>
    public static HttpClient Over(HttpClient exporter, ILogger logger) => new(new CollectorWatch(exporter, logger)) { Timeout = exporter.Timeout };

    /// <inheritdoc/>
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var copy = Copy(request);
        try
        {
            return Note(request, exporter.Send(copy, HttpCompletionOption.ResponseHeadersRead, cancellationToken));
        }
        catch (HttpRequestException exception)
        {
            Note(request, exception.Message);
            throw;
        }
        catch (OperationCanceledException)
        {
            Note(request, "it does not answer in time");
            throw;
        }
        finally
        {
            copy.Content = null;
        }
    }

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var copy = Copy(request);
        try
        {
            return Note(request, await exporter.SendAsync(copy, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false));
        }
        catch (HttpRequestException exception)
        {
            Note(request, exception.Message);
            throw;
        }
        catch (OperationCanceledException)
        {
            Note(request, "it does not answer in time");
            throw;
        }
        finally
        {
            copy.Content = null;
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            exporter.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>A client takes no request that another has taken. The content stays the first one's.</summary>
    private static HttpRequestMessage Copy(HttpRequestMessage request)
    {
        var copy = new HttpRequestMessage(request.Method, request.RequestUri)
        {
            Content = request.Content,
            Version = request.Version,
            VersionPolicy = request.VersionPolicy,
        };
        foreach (var (name, values) in request.Headers.NonValidated)
        {
            copy.Headers.TryAddWithoutValidation(name, values);
        }

        return copy;
    }

    private HttpResponseMessage Note(HttpRequestMessage request, HttpResponseMessage response)
    {
        var grpc = GrpcStatusOf(response);
        Note(
            request,
            !response.IsSuccessStatusCode ? $"it answered {(int)response.StatusCode} {response.ReasonPhrase}".TrimEnd()
                : grpc != GrpcOk ? string.Create(CultureInfo.InvariantCulture, $"it answered with status {grpc} of gRPC")
                : null);
        return response;
    }

    /// <summary>Of an answer that is not of gRPC: that all is well.</summary>
    private static int GrpcStatusOf(HttpResponseMessage response) =>
        (response.TrailingHeaders.TryGetValues("grpc-status", out var values) || response.Headers.TryGetValues("grpc-status", out values))
        && int.TryParse(values.FirstOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out var status) ? status : GrpcOk;

    private void Note(HttpRequestMessage request, string? failure)
    {
        var isNews = failure is null == _isFailing;
        _isFailing = failure is not null;
        if (!isNews)
        {
            return;
        }

        // Without name and password, and without a query, which may have a key.
        var collector = request.RequestUri!.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);
        if (failure is null)
        {
            LogReached(collector);
        }
        else
        {
            LogUnreached(collector, failure.TrimEnd('.'));
        }
    }

    [LoggerMessage(
        EventId = 901, Level = LogLevel.Warning,
        Message = "The collector at {Collector} takes no telemetry: {Reason}; see that it runs, that this program may reach it, and that OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_PROTOCOL are right. It is tried again, and what is lost meanwhile stays lost")]
    private partial void LogUnreached(string collector, string reason);

    [LoggerMessage(EventId = 902, Level = LogLevel.Information, Message = "The collector at {Collector} takes telemetry again")]
    private partial void LogReached(string collector);
}
