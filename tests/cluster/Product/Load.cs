using System.Collections.Concurrent;

namespace Wagi.TestCluster.Product;

/// <summary>
/// Constant requests from several clients until it is stopped; every answer that is not 200 is kept. It has seen an answer when it starts
/// and twenty when it stops, so that nothing passes for having been asked nothing.
/// </summary>
public sealed class Load : IAsyncDisposable
{
    private const int Least = 20;

    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentQueue<string> _failures = new();
    private readonly Task _clients;
    private long _requests;

    private Load(HttpClient client, string path, int clients) =>
        _clients = Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(() => RequestAsync(client, path))));

    /// <summary>Requests answered so far.</summary>
    public long Requests => Interlocked.Read(ref _requests);

    /// <summary>Starts the clients, and returns with the first answer.</summary>
    public static async Task<Load> StartAsync(HttpClient client, string path, int clients = 4)
    {
        var load = new Load(client, path, clients);
        await load.AnsweredAsync(1);
        return load;
    }

    /// <summary>Stops, after twenty answers at the earliest, and returns what failed: a status or an exception, one line each.</summary>
    /// <exception cref="TimeoutException">There were not as many answers in half a minute.</exception>
    public async Task<IReadOnlyCollection<string>> StopAsync()
    {
        await AnsweredAsync(Least);
        await EndAsync();
        return _failures;
    }

    private Task<long> AnsweredAsync(int least) => Eventually.Becomes(() => Requests, requests => requests >= least);

    private async Task EndAsync()
    {
        await _stopping.CancelAsync();
        await _clients;
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
        await EndAsync();
        _stopping.Dispose();
    }
}
