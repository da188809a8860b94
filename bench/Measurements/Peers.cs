using Wagi.Bench.Clients;
using Wagi.Bench.Results;
using Wagi.Bench.Servers;
using Wagi.TestCluster.Product;

namespace Wagi.Bench.Measurements;

/// <summary>Requests a second of other ways to serve the same text, beside Kestrel alone and beside ours.</summary>
internal static class Peers
{
    private const string PlainText = "plaintext";
    private const string Workerd = "workerd";
    private const string JavaScript = "handler-javascript";

    /// <summary>As they stand in the figures' names and in pictures, and how each is started.</summary>
    public static IReadOnlyList<(string Name, string Title, Func<Task<PeerServer>> StartAsync)> All { get; } =
    [
        (Workerd, "workerd, JavaScript", () => PeerServer.WorkerdAsync("hello")),
        ("wasmtime_wasi", "Wasmtime's WASI, C", () => PeerServer.WasiAsync(ServedSamples.HelloInC)),
        ("native_cgi", "CGI in lighttpd, native C", () => PeerServer.CgiAsync("hello")),
    ];

    public static async Task RunAsync()
    {
        Wrk.Require();
        await CompareHelloAsync();
        await CompareJavaScriptAsync();
    }

    private static async Task CompareHelloAsync()
    {
        await using var plaintext = await PeerServer.PlainTextAsync();
        await using var served = await ServedSamples.StartAsync([Hello.InC.Sample]);
        await using var servers = new SideBySide();
        servers.Add(PlainText, plaintext.Url);
        servers.Add("hello", served.Url(Hello.InC.Sample));
        foreach (var (name, _, startAsync) in All)
        {
            await servers.AddAsync(name, startAsync);
        }

        var rates = await servers.MeasureAsync();
        foreach (var (name, rate) in rates.Where(rate => rate.Key != PlainText))
        {
            // Others may become faster; that is no fault of ours.
            Report.Add($"peer_ratio_plaintext_{name}", rate.Over(rates[PlainText]), "ratio");
        }
    }

    /// <summary>The same handler in JavaScript: workerd answers all requests from one isolate, and here each has an instance of its own.</summary>
    private static async Task CompareJavaScriptAsync()
    {
        _ = ServedSamples.Find(JavaScript);
        await using var served = await ServedSamples.StartAsync([JavaScript]);
        await using var servers = new SideBySide();
        servers.Add(JavaScript, served.Url(JavaScript));
        await servers.AddAsync(Workerd, () => PeerServer.WorkerdSampleAsync(JavaScript));
        var rates = await servers.MeasureAsync();
        if (rates.TryGetValue(Workerd, out var theirs))
        {
            Report.Add("wasi_http_js_ratio", rates[JavaScript].Over(theirs), "ratio", Better.Higher);
        }
    }
}
