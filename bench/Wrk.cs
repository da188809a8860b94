using System.Globalization;
using System.Text.RegularExpressions;
using Wagi.TestCluster;
using Wagi.TestCluster.Processes;

namespace Wagi.Bench;

/// <summary>The load generator.</summary>
internal static partial class Wrk
{
    public static void Require()
    {
        if (TestTools.WhyMissing("wrk") is { } reason)
        {
            throw new CannotMeasureException(reason);
        }
    }

    /// <summary>Requests a second with 32 connections from one thread, on the same machine as the server.</summary>
    public static async Task<double> RequestsPerSecondAsync(string url, TimeSpan duration)
    {
        var seconds = duration.TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
        var result = (await Command.RunAsync("wrk", ["-t1", "-c32", $"-d{seconds}s", url])).EnsureSuccess();
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
