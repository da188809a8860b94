using Wagi.Bench.Clients;
using Wagi.Bench.Results;
using Wagi.Bench.Servers;

namespace Wagi.Bench.Measurements;

/// <summary>Requests a second of <c>hello</c> over HTTP/2 beside HTTP/1.1, by the same client, in turns in one run: 32 requests at a time, and one.</summary>
internal static class Http2
{
    private const int Rounds = 5;
    private const int AtATime = 32;
    private const int Few = 4;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(3);

    public static async Task RunAsync()
    {
        H2Load.Require();
        await using var served = await ServedSamples.StartAsync([Hello.InC.Sample], ServedSamples.PlacesFor(AtATime));
        var url = served.Url(Hello.InC.Sample);
        var rates = await Series.InTurnsAsync(Rounds,
        [
            () => H2Load.Http1Async(url, AtATime, Duration),
            () => H2Load.Http2Async(url, AtATime, streams: 1, Duration),
            () => H2Load.Http2Async(url, Few, AtATime / Few, Duration),
            () => H2Load.Http1Async(url, 1, Duration),
            () => H2Load.Http2Async(url, 1, streams: 1, Duration),
        ]);
        Report.Add("http1_rps_of_h2load", rates[0], "requests/s");
        Report.Add("http2_ratio_http1", rates[1].Over(rates[0]), "ratio", Better.Higher);
        Report.Add("http2_ratio_http1_8_streams", rates[2].Over(rates[0]), "ratio", Better.Higher);
        Report.Add("http2_ratio_http1_1_client", rates[4].Over(rates[3]), "ratio", Better.Higher);
    }
}
