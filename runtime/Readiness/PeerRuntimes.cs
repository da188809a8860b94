using System.Text.Json;
using Wagi.Modules.Status;

namespace Wagi.Runtime.Readiness;

/// <summary>The other runtimes, asked at an address that leads to any one of those that are ready: that of their Service.</summary>
/// <param name="address">URL of their admin port.</param>
internal sealed class PeerRuntimes(Uri address) : IDisposable
{
    // A status is some hundred bytes a module.
    private const int MaxStatusBytes = 32 << 20;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false })
    {
        Timeout = Patience,
        MaxResponseContentBufferSize = MaxStatusBytes,
    };

    /// <summary>The state of one of them; null when none answers.</summary>
    public async Task<RuntimeStatus?> AskAsync(CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, "/status"));

        // A connection that is kept leads to the same one each time.
        request.Headers.ConnectionClose = true;
        try
        {
            using var response = await _http.SendAsync(request, cancellationToken);
            return response.IsSuccessStatusCode ? RuntimeStatus.FromJson(await response.Content.ReadAsByteArrayAsync(cancellationToken)) : null;
        }
        catch (Exception exception) when (exception is HttpRequestException or JsonException
            || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return null;
        }
    }

    public void Dispose() => _http.Dispose();
}
