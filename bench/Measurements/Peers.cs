using Wagi.Bench.Clients;
using Wagi.Bench.Results;
using Wagi.Bench.Servers;
using Wagi.TestCluster.Product;

namespace Wagi.Bench.Measurements;

/// <summary>Requests a second of other ways to serve the same text, beside Kestrel alone and beside ours.</summary>
internal static class Peers
{
    private const int Rounds = 5;
    private const int Connections = 32;
    private const string JavaScript = "handler-javascript";
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(3);

    /// <summary>As they stand in the figures' names and in pictures, and how each is started.</summary>
    public static IReadOnlyList<(string Name, string Title, Func<Task<HelloServer>> StartAsync)> All { get; } =
    [
        ("workerd", "workerd, JavaScript", HelloServer.WorkerdAsync),
        ("wasmtime_wasi", "Wasmtime's WASI, C", HelloServer.WasiAsync),
        ("native_cgi", "CGI in lighttpd, native C", HelloServer.CgiAsync),
    ];

    public static async Task RunAsync()
    {
        Wrk.Require();
        await using var plaintext = await HelloServer.PlainTextAsync();
        var hasJavaScript = Checkout.Sample(JavaScript) is not null;
        await using var served = await ServedSamples.StartAsync([Hello.InC.Sample, .. hasJavaScript ? [JavaScript] : Array.Empty<string>()]);
        List<(string Name, string Url)> urls = [("plaintext", plaintext.Url), ("hello", served.Url(Hello.InC.Sample))];
        if (hasJavaScript)
        {
            urls.Add((JavaScript, served.Url(JavaScript)));
        }
        else
        {
            Console.WriteLine($"skipped {JavaScript}: {Checkout.WhyNoSample(JavaScript)}");
        }

        var peers = new List<HelloServer>();
        try
        {
            foreach (var (name, _, startAsync) in All)
            {
                // One that is not there does not keep us from measuring the others.
                await Measurement.RunAsync($"peers {name}", async () =>
                {
                    peers.Add(await startAsync());
                    urls.Add((name, peers[^1].Url));
                });
            }

            var rates = await Series.InTurnsAsync(
                Rounds, [.. urls.Select(peer => (Func<Task<double>>)(() => Wrk.RequestsPerSecondAsync(peer.Url, Connections, Duration)))]);
            foreach (var ((name, _), rate) in urls.Zip(rates).Skip(1))
            {
                Report.Add($"peer_ratio_plaintext_{name.Replace('-', '_')}", rate.Over(rates[0]), "ratio");
            }

            // workerd answers all requests from one isolate; here each has an instance of its own.
            var (ours, theirs) = (urls.FindIndex(peer => peer.Name == JavaScript), urls.FindIndex(peer => peer.Name == "workerd"));
            if (ours >= 0 && theirs >= 0)
            {
                Report.Add("wasi_http_js_ratio", rates[ours].Over(rates[theirs]), "ratio");
            }
        }
        finally
        {
            foreach (var peer in peers)
            {
                await peer.DisposeAsync();
            }
        }
    }
}
