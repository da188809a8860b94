using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Wagi.TestCluster.Processes;

namespace Wagi.TestCluster.Product;

/// <summary><c>wrk</c> on a URL until it is stopped: as many requests as a few connections can carry, none of them tried twice.</summary>
public sealed partial class WrkLoad : IAsyncDisposable
{
    /// <summary>The program that must be there.</summary>
    public const string Program = "wrk";

    private readonly Process _process;

    private WrkLoad(Process process) => _process = process;

    /// <summary>Starts it.</summary>
    public static WrkLoad On(Uri url, int connections = 4) =>
        new(ChildProcess.Start(new ProcessStartInfo(
            TestTools.Require(Program), ["--threads", "1", "--connections", $"{connections}", "--duration", "10m", "--timeout", "10s", $"{url}"])
        { RedirectStandardOutput = true }));

    /// <summary>Stops it (SIGINT) and returns what it counted.</summary>
    public async Task<Result> StopAsync(CancellationToken cancellationToken)
    {
        (await Command.RunAsync("kill", ["-INT", $"{_process.Id}"], cancellationToken: cancellationToken)).EnsureSuccess();
        var report = await _process.StandardOutput.ReadToEndAsync(cancellationToken);
        var failures = Failures.Matches(report).SelectMany(match => match.Groups[1].Captures).Sum(Number);
        return new Result(Number(Requests.Match(report).Groups[1]), failures, report);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using (_process)
        {
            if (!_process.HasExited) _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static long Number(Capture capture) => long.Parse(capture.ValueSpan, CultureInfo.InvariantCulture);

    // "  Socket errors: connect 0, read 3, write 0, timeout 0" and "  Non-2xx or 3xx responses: 7", each only when there are some.
    [GeneratedRegex(@"(?:Socket errors:(?:,? (?:connect|read|write|timeout) (\d+))+|Non-2xx or 3xx responses: (?<1>\d+))")]
    private static partial Regex Failures { get; }

    [GeneratedRegex(@"(\d+) requests in")]
    private static partial Regex Requests { get; }

    /// <summary>What was counted.</summary>
    /// <param name="Answered">Requests that got an answer.</param>
    /// <param name="Failed">Answers that were not 2xx or 3xx, and connections that broke.</param>
    /// <param name="Report">All that wrk printed.</param>
    public sealed record Result(long Answered, long Failed, string Report);
}
