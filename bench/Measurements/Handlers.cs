using Wagi.Bench.Clients;
using Wagi.Bench.Results;
using Wagi.Bench.Servers;

namespace Wagi.Bench.Measurements;

/// <summary>
/// Requests a second of handlers that do more than <c>hello</c>, over those of the same without a guest: bodies and a request of their own in Kestrel
/// alone, computing in the same program natively by CGI.
/// </summary>
internal static class Handlers
{
    private const int Rounds = 5;
    private const int Connections = 32;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(3);

    public static async Task RunAsync()
    {
        Wrk.Require();
        await using var plaintext = await HelloServer.PlainTextAsync();
        await CompareEchoAsync();
        await CompareFetchAsync(plaintext.Url);
        foreach (var program in (string[])["json", "compute"])
        {
            await CompareProgramAsync(program);
        }
    }

    private static async Task CompareEchoAsync()
    {
        var echo = new Hello("C", "", "echo-c");
        await using var bare = await HelloServer.EchoAsync();
        await using var served = await ServedSamples.StartAsync([echo]);
        foreach (var (size, name) in new[] { (1_000, "1kb"), (1_000_000, "1mb") })
        {
            await CompareAsync($"echo_{name}", "plaintext", served.Url(echo), bare.Url, url => Wrk.PostsPerSecondAsync(url, Connections, Duration, size));
        }
    }

    private static async Task CompareFetchAsync(string upstream)
    {
        var query = $"?url={Uri.EscapeDataString(upstream)}";
        var fetch = new Hello("C", "", "fetch-c") { AllowedHost = upstream, FirstQuery = query };
        await using var bare = await HelloServer.FetchAsync(upstream);
        await using var served = await ServedSamples.StartAsync([fetch]);
        await CompareAsync("fetch", "plaintext", served.Url(fetch) + query, bare.Url, GetAsync);
    }

    private static async Task CompareProgramAsync(string program)
    {
        var hello = new Hello("Rust", "", program) { File = HelloServer.Built($"{program}.wasm") };
        await using var native = await HelloServer.CgiAsync(program, answer: null);
        await using var served = await ServedSamples.StartAsync([hello]);
        await CompareAsync(program, "native_cgi", $"{served.Url(hello)}?1", $"{native.Url}?1", GetAsync);
    }

    private static Task<double> GetAsync(string url) => Wrk.RequestsPerSecondAsync(url, Connections, Duration);

    private static async Task CompareAsync(string name, string other, string url, string otherUrl, Func<string, Task<double>> measureAsync)
    {
        var rates = await Series.InTurnsAsync(Rounds, [() => measureAsync(url), () => measureAsync(otherUrl)]);
        Report.Add($"handler_{name}_rps", rates[0], "requests/s");
        Report.Add($"handler_ratio_{other}_{name}", rates[0].Over(rates[1]), "ratio", Better.Higher);
    }
}
