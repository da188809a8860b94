using System.Text.RegularExpressions;

namespace Wagi.Bench.Clients;

/// <summary>The client that sends as much as is answered.</summary>
internal static partial class Wrk
{
    private static readonly LoadProgram Program = new("wrk", Rate, said => !Bad.IsMatch(said));

    public static void Require() => Program.Require();

    /// <summary>Requests a second from the clients' cores of the machine on which the server runs.</summary>
    public static Task<double> RequestsPerSecondAsync(string url, int connections, TimeSpan duration) =>
        Program.RunAsync(connections, $"-d{LoadProgram.Seconds(duration)}s", "--timeout", "10s", url);

    [GeneratedRegex(@"Requests/sec:\s+([0-9.]+)")]
    private static partial Regex Rate { get; }

    [GeneratedRegex("Non-2xx|Socket errors")]
    private static partial Regex Bad { get; }
}
