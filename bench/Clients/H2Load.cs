using System.Text.RegularExpressions;

namespace Wagi.Bench.Clients;

/// <summary>nghttp2's client, which speaks HTTP/1.1 as well as HTTP/2, and sends as much as is answered.</summary>
internal static partial class H2Load
{
    private static readonly LoadProgram Program = new("h2load", Rate, AllGood.IsMatch);

    public static void Require() => Program.Require();

    /// <summary>Requests a second of HTTP/1.1, one at a time on each connection.</summary>
    public static Task<double> Http1Async(string url, int connections, TimeSpan duration) => RunAsync(url, connections, duration, "--h1");

    /// <summary>Requests a second of HTTP/2 without TLS, so many at a time on each connection.</summary>
    public static Task<double> Http2Async(string url, int connections, int streams, TimeSpan duration) => RunAsync(url, connections, duration, $"-m{streams}");

    private static Task<double> RunAsync(string url, int connections, TimeSpan duration, string protocol) =>
        Program.RunAsync(connections, $"-D{LoadProgram.Seconds(duration)}", protocol, url);

    [GeneratedRegex(@"^finished in .*?, ([0-9.]+) req/s", RegexOptions.Multiline)]
    private static partial Regex Rate { get; }

    [GeneratedRegex("^status codes: [1-9][0-9]* 2xx, 0 3xx, 0 4xx, 0 5xx", RegexOptions.Multiline)]
    private static partial Regex AllGood { get; }
}
