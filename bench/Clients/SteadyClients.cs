using System.Diagnostics;
using System.Net;
using Wagi.Bench.Results;
using Wagi.TestCluster;

namespace Wagi.Bench.Clients;

/// <summary>
/// What the clients of a module wait while something else goes on in the same runtime. They are steady and few, so they do not compete with it for
/// the machine more than real clients would.
/// </summary>
/// <param name="server">The runtime.</param>
/// <param name="path">Where the module answers.</param>
internal sealed class SteadyClients(Uri server, string path)
{
    private const int Clients = 4;
    private const int Rounds = 5;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(4);
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Warmup = TimeSpan.FromSeconds(2);

    /// <summary>The 99th percentile in each of some rounds, in milliseconds: once in a while the machine has something else to do.</summary>
    /// <param name="begin">Done at the beginning of each round, while clients ask; null: nothing.</param>
    /// <exception cref="InvalidOperationException">A request was not answered with 200.</exception>
    public async Task<Series> MeasureAsync(Func<int, Task>? begin = null)
    {
        await AskAsync(Warmup);
        var rounds = new List<double>();
        while (rounds.Count < Rounds)
        {
            var times = AskAsync(Round);
            await (begin?.Invoke(rounds.Count) ?? Task.CompletedTask);
            rounds.Add(Figures.Percentile(await times, 0.99));
        }

        return new Series(rounds);
    }

    private async Task<List<double>> AskAsync(TimeSpan duration)
    {
        var began = Stopwatch.GetTimestamp();
        var times = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => Task.Factory.StartNew(
            () => Ask(began, duration), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        return [.. times.SelectMany(time => time)];
    }

    /// <summary>On a thread of its own: what this program's thread pool does meanwhile is no part of the figure.</summary>
    private List<double> Ask(long began, TimeSpan duration)
    {
        using var client = new PlainClient(server, path);
        var times = new List<double>();
        while (Stopwatch.GetElapsedTime(began) < duration)
        {
            var asked = Stopwatch.GetTimestamp();
            if (client.Get() is var status and not HttpStatusCode.OK)
            {
                throw new InvalidOperationException($"the answer was {(int)status}");
            }

            times.Add(Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
            Thread.Sleep(Pause);
        }

        return times;
    }
}
