using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Wagi.TestCluster.Product;

namespace Wagi.Bench.Attacks;

/// <summary>What one tenant does to the runtime.</summary>
/// <param name="Name">Its name in the figures.</param>
/// <param name="StartAsync">Begins it; it goes on until it is disposed.</param>
internal sealed record Attack(string Name, Func<AttackStage, Task<IAsyncDisposable>> StartAsync)
{
    /// <summary>As many as there are places for one module: more would be turned away, which costs little.</summary>
    private const int ManyClients = 64;
    private const int Bombs = 8;

    public static IReadOnlyList<Attack> All { get; } =
    [
        new("cpu", stage => RequestsAsync(stage, AttackModules.Spin)),
        new("memory", stage => RequestsAsync(stage, AttackModules.Memory)),
        new("bodies", async stage => new Held(await SlowBodies.SendAsync(stage.Url(AttackModules.Echo), 60, 31 << 20, CancellationToken.None))),
        new("slow_reads", stage => Task.FromResult<IAsyncDisposable>(SlowReads(stage))),
        new("log_flood", stage => RequestsAsync(stage, AttackModules.Flood)),
        new("compile_bombs", stage =>
        {
            // Each differs, so that none is in the cache.
            stage.Add(Enumerable.Range(0, Bombs).Select(i => ($"bomb-{i}", Wasm: (byte[])[.. CompileBomb.Create(), 0, 2, 1, (byte)('a' + i)])));
            return Task.FromResult<IAsyncDisposable>(new Held(null));
        }),
    ];

    /// <summary>
    /// Many clients that send one request after the other. They give way to everything else on this machine: an attacker's clients are on
    /// others.
    /// </summary>
    private static Task<IAsyncDisposable> RequestsAsync(AttackStage stage, string module)
    {
        var clients = Process.Start(new ProcessStartInfo(
            "nice", ["-n", "19", "wrk", "-t1", $"-c{ManyClients}", "-d600s", "--timeout", "600s", stage.Url(module).AbsoluteUri])
        {
            RedirectStandardOutput = true,
        })!;
        return Task.FromResult<IAsyncDisposable>(new Held(clients, async () =>
        {
            clients.Kill();
            await clients.WaitForExitAsync();
        }));
    }

    /// <summary>Clients that ask for much and read nothing.</summary>
    private static Held SlowReads(AttackStage stage)
    {
        var url = stage.Url(AttackModules.Large);
        var clients = Enumerable.Range(0, ManyClients).Select(_ => new TcpClient(url.Host, url.Port) { ReceiveBufferSize = 4096 }).ToList();
        foreach (var client in clients)
        {
            client.GetStream().Write(Encoding.ASCII.GetBytes($"GET {url.AbsolutePath} HTTP/1.1\r\nHost: {url.Authority}\r\n\r\n"));
        }

        return new Held(null, () =>
        {
            clients.ForEach(client => client.Dispose());
            return Task.CompletedTask;
        });
    }

    /// <summary>What ends an attack.</summary>
    private sealed class Held(IDisposable? resource, Func<Task>? end = null) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            if (end is not null)
            {
                await end();
            }

            resource?.Dispose();
        }
    }
}
