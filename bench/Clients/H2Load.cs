using System.Globalization;
using System.Text.RegularExpressions;
using Wagi.TestCluster;
using Wagi.TestCluster.Processes;

namespace Wagi.Bench.Clients;

/// <summary>nghttp2's client, which speaks HTTP/1.1 as well as HTTP/2, and sends as much as is answered.</summary>
internal static partial class H2Load
{
    private const string Program = "h2load";

    public static void Require()
    {
        if (TestTools.WhyMissing(Program) is { } reason)
        {
            throw new CannotMeasureException(reason);
        }
    }

    /// <summary>Requests a second of HTTP/1.1, one at a time on each connection.</summary>
    public static Task<double> Http1Async(string url, int connections, TimeSpan duration) => RunAsync(url, connections, duration, "--h1");

    /// <summary>Requests a second of HTTP/2 without TLS, so many at a time on each connection.</summary>
    public static Task<double> Http2Async(string url, int connections, int streams, TimeSpan duration) => RunAsync(url, connections, duration, $"-m{streams}");

    private static async Task<double> RunAsync(string url, int connections, TimeSpan duration, string protocol)
    {
        var threads = Math.Min(Cores.ClientThreads, connections);
        var seconds = duration.TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
        string[] command = [.. Cores.BeforeClient, TestTools.Require(Program), $"-t{threads}", $"-c{connections}", $"-D{seconds}", protocol, url];
        var result = (await Command.RunAsync(command[0], command[1..])).EnsureSuccess();
        if (!AllGood.IsMatch(result.Stdout))
        {
            throw new InvalidOperationException($"not every request was answered with 2xx:\n{result.Stdout}");
        }

        return double.Parse(Rate.Match(result.Stdout).Groups[1].ValueSpan, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"^finished in .*?, ([0-9.]+) req/s", RegexOptions.Multiline)]
    private static partial Regex Rate { get; }

    [GeneratedRegex("^status codes: [1-9][0-9]* 2xx, 0 3xx, 0 4xx, 0 5xx", RegexOptions.Multiline)]
    private static partial Regex AllGood { get; }
}
