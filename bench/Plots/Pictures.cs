using System.Globalization;
using ScottPlot;
using ScottPlot.Plottables;
using Wagi.Bench.Measurements;
using Wagi.Bench.Results;
using Wagi.Bench.Servers;

namespace Wagi.Bench.Plots;

/// <summary>The pictures of <c>docs/performance.md</c>, from the figures of this run.</summary>
internal static class Pictures
{
    private const int Width = 720;
    private const int BarHeight = 40;

    /// <summary>The measurements that they show.</summary>
    public static IReadOnlyList<string> Measurements { get; } = ["http", "latency", "sweep", "peers"];

    /// <summary>Writes <c>performance-*.svg</c> into a folder.</summary>
    public static void Write(string folder)
    {
        Fonts.Default = "DejaVu Sans";
        string PathOf(string name) => Path.Combine(folder, $"performance-{name}.svg");

        Lines(
            PathOf("connections"), "Requests a second over connections", [.. Sweep.Connections.Select(Text)],
            Sweep.Connections, connections => $"rps_{connections}", "sweep");
        Lines(
            PathOf("latency"), string.Create(CultureInfo.InvariantCulture, $"Latency at {Latency.RequestsPerSecond:#,0} requests a second, µs"), [.. Latency.Percentiles.Select(percentile => $"{percentile.Percentile:0.#} %")],
            Latency.Percentiles, percentile => $"{percentile.Name}_us", "latency");
        Bars(
            PathOf("languages"), "hello by language: requests a second, Kestrel alone = 1",
            Hello.InEachLanguage().Select(hello => (hello.Language, $"http_ratio_plaintext{hello.Suffix}")));
        Bars(
            PathOf("peers"), "The same text: requests a second, Kestrel alone = 1",
            [("WagiOperator, C", "peer_ratio_plaintext_hello"), .. Peers.All.Select(peer => (peer.Title, $"peer_ratio_plaintext_{peer.Name}"))]);
    }

    /// <summary>Two lines over the same places on the horizontal axis, which are as far apart as they come.</summary>
    private static void Lines<T>(string path, string title, string[] labels, IReadOnlyList<T> places, Func<T, string> figure, string prefix)
    {
        using var plot = new Plot();
        foreach (var (name, server) in new[] { ("Kestrel alone", "plaintext"), ("hello in C", "hello") })
        {
            var series = places.Select(place => Report.Find($"{prefix}_{server}_{figure(place)}")).ToList();
            if (series.Contains(null))
            {
                return;
            }

            double[] positions = [.. Enumerable.Range(0, series.Count)];
            double[] medians = [.. series.Select(rounds => rounds!.Median)];
            var line = plot.Add.Scatter(positions, medians);
            line.LegendText = name;
            var none = new double[medians.Length];
            plot.Add.Plottable(new ErrorBar(
                positions, medians, none, none,
                [.. series.Select(rounds => rounds!.Median - rounds.Rounds.Min())], [.. series.Select(rounds => rounds!.Rounds.Max() - rounds.Median)])
            {
                Color = line.Color,
            });
        }

        plot.Axes.Bottom.SetTicks([.. Enumerable.Range(0, labels.Length)], labels);
        plot.ShowLegend(Alignment.UpperLeft);
        plot.Axes.AutoScale();
        plot.Axes.SetLimitsY(0, plot.Axes.GetLimits().Top);
        Save(plot, path, title, 320);
    }

    private static void Bars(string path, string title, IEnumerable<(string Label, string Figure)> bars)
    {
        var measured = bars.Select(bar => (bar.Label, Series: Report.Find(bar.Figure))).Where(bar => bar.Series is not null).Reverse().ToList();
        if (measured.Count == 0)
        {
            return;
        }

        using var plot = new Plot();
        var drawn = plot.Add.Bars(measured.Select(bar => bar.Series!.Median).ToArray());
        drawn.Horizontal = true;
        foreach (var bar in drawn.Bars)
        {
            bar.Label = bar.Value.ToString(bar.Value < 0.1 ? "0.000" : "0.00", CultureInfo.InvariantCulture);
        }

        plot.Axes.Left.SetTicks([.. measured.Select((_, position) => (double)position)], [.. measured.Select(bar => bar.Label)]);
        plot.Axes.Margins(left: 0, right: 0.15);
        Save(plot, path, title, 90 + (measured.Count * BarHeight));
    }

    private static void Save(Plot plot, string path, string title, int height)
    {
        plot.Title(title);
        plot.SaveSvg(path, Width, height);
        // As every file of this repository ends.
        File.AppendAllText(path, "\n");
        Console.WriteLine($"wrote {path}");
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
