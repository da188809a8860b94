using Wagi.Bench.Clients;
using Wagi.Bench.Results;
using Wagi.Bench.Servers;

namespace Wagi.Bench.Measurements;

/// <summary>
/// Requests a second of handlers that do more than <c>hello</c>, over those of other ways to do the same: bodies and a request of their own in Kestrel
/// alone, the same module through Wasmtime's own WASI, the same program natively by CGI, and JavaScript in workerd.
/// </summary>
internal static class Handlers
{
    private const string PlainText = "plaintext";
    private const string Wasi = "wasmtime_wasi";
    private const string Cgi = "native_cgi";
    private const string Workerd = "workerd";

    public static async Task RunAsync()
    {
        Wrk.Require();
        await using var upstream = await PeerServer.PlainTextAsync();
        await CompareEchoAsync("1kb", 1_000);
        await CompareEchoAsync("1mb", 1_000_000);
        await CompareFetchAsync(upstream);
        await CompareProgramAsync("json");
        await CompareProgramAsync("compute");
    }

    private static Task CompareEchoAsync(string name, int body) => CompareAsync(
        $"echo_{name}", new Hello("C", "", "echo-c"), "", body,
        (PlainText, PeerServer.EchoAsync),
        (Wasi, () => PeerServer.WasiAsync(ServedSamples.Find("echo-c"))),
        (Cgi, () => PeerServer.CgiAsync("echo")),
        (Workerd, () => PeerServer.WorkerdAsync("echo")));

    private static Task CompareFetchAsync(PeerServer upstream)
    {
        var query = $"?url={Uri.EscapeDataString(upstream.Url)}";
        return CompareAsync(
            "fetch", new Hello("C", "", "fetch-c") { AllowedHost = upstream.Origin, FirstQuery = query }, query, body: 0,
            (PlainText, () => PeerServer.FetchAsync(upstream.Url)),
            (Workerd, () => PeerServer.WorkerdAsync("fetch", query)));
    }

    private static Task CompareProgramAsync(string program)
    {
        // Once.
        const string Query = "?1";
        var module = PeerServer.Built($"{program}.wasm");
        return CompareAsync(
            program, new Hello("Rust", "", program) { File = module }, Query, body: 0,
            (Cgi, () => PeerServer.CgiAsync(program, Query)),
            (Wasi, () => PeerServer.WasiAsync(module, Query)),
            (Workerd, () => PeerServer.WorkerdAsync(program, Query)));
    }

    private static async Task CompareAsync(string name, Hello ours, string query, int body, params IEnumerable<(string Name, Func<Task<PeerServer>> StartAsync)> peers)
    {
        const string Ours = "ours";
        await using var served = await ServedSamples.StartAsync([ours]);
        await using var servers = new SideBySide(body);
        servers.Add(Ours, served.Url(ours) + query);
        foreach (var (peer, startAsync) in peers)
        {
            await servers.AddAsync(peer, startAsync);
        }

        var rates = await servers.MeasureAsync();
        Report.Add($"handler_{name}_rps", rates[Ours], "requests/s");
        foreach (var (peer, rate) in rates.Where(rate => rate.Key != Ours))
        {
            Report.Add($"handler_ratio_{peer}_{name}", rates[Ours].Over(rate), "ratio", Better.Higher);
        }
    }
}
