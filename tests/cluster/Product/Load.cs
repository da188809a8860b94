using System.Collections.Concurrent;

namespace Wagi.TestCluster.Product;

/// <summary>Constant requests from several clients until it is stopped; every answer that is not 200 is kept.</summary>
public sealed class Load : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentQueue<string> _failures = new();
    private readonly Task _clients;
    private long _requests;

    private Load(HttpClient client, string path, int clients) =>
        _clients = Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(() => RequestAsync(client, path))));

    /// <summary>Requests answered so far.</summary>
    public long Requests => Interlocked.Read(ref _requests);

    /// <summary>Starts the clients.</summary>
    public static Load On(HttpClient client, string path, int clients = 4) => new(client, path, clients);

    /// <summary>Stops and returns what failed: a status or an exception, one line each.</summary>
    public async Task<IReadOnlyCollection<string>> StopAsync()
    {
        await _stopping.CancelAsync();
        await _clients;
        return _failures;
    }

    private async Task RequestAsync(HttpClient client, string path)
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                using var response = await client.GetAsync(path, CancellationToken.None);
                if (!response.IsSuccessStatusCode)
                {
                    _failures.Enqueue($"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync(CancellationToken.None)}");
                }
            }
            catch (HttpRequestException error)
            {
                _failures.Enqueue(error.Message);
            }

            Interlocked.Increment(ref _requests);

            // Enough to hit every moment of a reload, not so much that the reload starves on a small machine.
            await Task.Delay(2, CancellationToken.None);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stopping.Dispose();
    }
}
