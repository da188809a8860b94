using System.Text.RegularExpressions;
using Wagi.TestCluster;

namespace Wagi.Bench.Clients;

/// <summary>The client that sends as much as is answered.</summary>
internal static partial class Wrk
{
    private static readonly LoadProgram Program = new("wrk", Rate, said => !Bad.IsMatch(said));

    public static void Require() => Program.Require();

    /// <summary>Requests a second from the clients' cores of the machine on which the server runs.</summary>
    public static Task<double> RequestsPerSecondAsync(string url, int connections, TimeSpan duration) =>
        Program.RunAsync(connections, $"-d{LoadProgram.Seconds(duration)}s", "--timeout", "10s", url);

    /// <summary>The same with a body in each request.</summary>
    /// <param name="url">The URL, which is posted to.</param>
    /// <param name="connections">How many.</param>
    /// <param name="duration">How long.</param>
    /// <param name="body">Bytes of the body.</param>
    public static async Task<double> PostsPerSecondAsync(string url, int connections, TimeSpan duration, int body)
    {
        using var directory = new TempDirectory("bench");
        var script = directory.Write("post.lua", $"wrk.method = \"POST\"\nwrk.body = string.rep(\"x\", {body})\nwrk.headers[\"Content-Type\"] = \"text/plain\"\n");
        return await Program.RunAsync(connections, $"-d{LoadProgram.Seconds(duration)}s", "--timeout", "10s", "-s", script, url);
    }

    [GeneratedRegex(@"Requests/sec:\s+([0-9.]+)")]
    private static partial Regex Rate { get; }

    [GeneratedRegex("Non-2xx|Socket errors")]
    private static partial Regex Bad { get; }
}
