using System.Text;
using Wagi.Bench.Clients;
using Wagi.Bench.Results;

namespace Wagi.Bench.Servers;

/// <summary>Servers that answer the same: requests a second of each, measured in turns.</summary>
/// <param name="body">Bytes of each request's body, which is posted; 0: GET.</param>
internal sealed class SideBySide(int body = 0) : IAsyncDisposable
{
    private const int Rounds = 5;
    private const int Connections = 32;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(3);

    private readonly List<PeerServer> _peers = [];
    private readonly List<(string Name, string Url)> _urls = [];

    /// <summary>One that runs already, and goes on afterwards.</summary>
    public void Add(string name, string url) => _urls.Add((name, url));

    /// <summary>Another one. Where it cannot be had, that is said, and the others are measured.</summary>
    public Task AddAsync(string name, Func<Task<PeerServer>> startAsync) => Measurement.RunAsync(name, async () =>
    {
        var peer = await startAsync();
        _peers.Add(peer);
        Add(name, peer.Url);
    });

    /// <summary>Requests a second, by name.</summary>
    /// <exception cref="InvalidOperationException">They do not answer the same.</exception>
    public async Task<IReadOnlyDictionary<string, Series>> MeasureAsync()
    {
        await CompareAnswersAsync();
        var rates = await Series.InTurnsAsync(Rounds, [.. _urls.Select(server => (Func<Task<double>>)(() => RateAsync(server.Url)))]);
        return _urls.Zip(rates).ToDictionary(server => server.First.Name, server => server.Second, StringComparer.Ordinal);
    }

    private Task<double> RateAsync(string url) =>
        body == 0 ? Wrk.RequestsPerSecondAsync(url, Connections, Duration) : Wrk.PostsPerSecondAsync(url, Connections, Duration, body);

    private async Task CompareAnswersAsync()
    {
        using var client = new HttpClient();
        string? first = null;
        foreach (var (name, url) in _urls)
        {
            using var content = new StringContent(new string('x', body), Encoding.ASCII, "text/plain");
            using var response = body == 0 ? await client.GetAsync(url) : await client.PostAsync(url, content);
            var answer = await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync();
            first ??= answer;
            if (answer != first)
            {
                throw new InvalidOperationException($"{name} answers '{answer}' and {_urls[0].Name} '{first}'");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var peer in _peers)
        {
            await peer.DisposeAsync();
        }
    }
}
