using System.Globalization;
using System.Text.RegularExpressions;
using Wagi.TestCluster;
using Wagi.TestCluster.Processes;

namespace Wagi.Bench.Clients;

/// <summary>The client that sends as much as is answered.</summary>
internal static partial class Wrk
{
    public static void Require()
    {
        if (TestTools.WhyMissing("wrk") is { } reason)
        {
            throw new CannotMeasureException(reason);
        }
    }

    /// <summary>Requests a second from the clients' cores of the machine on which the server runs.</summary>
    public static async Task<double> RequestsPerSecondAsync(string url, int connections, TimeSpan duration)
    {
        var threads = Math.Min(Cores.ClientThreads, connections);
        var seconds = duration.TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
        string[] command = [.. Cores.BeforeClient, TestTools.Require("wrk"), $"-t{threads}", $"-c{connections}", $"-d{seconds}s", "--timeout", "10s", url];
        var result = (await Command.RunAsync(command[0], command[1..])).EnsureSuccess();
        if (Bad.IsMatch(result.Stdout))
        {
            throw new InvalidOperationException($"not every request was answered with 2xx:\n{result.Stdout}");
        }

        return double.Parse(Rate.Match(result.Stdout).Groups[1].ValueSpan, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"Requests/sec:\s+([0-9.]+)")]
    private static partial Regex Rate { get; }

    [GeneratedRegex("Non-2xx|Socket errors")]
    private static partial Regex Bad { get; }
}
