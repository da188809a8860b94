using Wagi.TestCluster;

namespace Wagi.Bench.Results;

/// <summary>What a figure should be.</summary>
internal enum Better
{
    Higher,
    Lower,
}

/// <summary>A figure that means the same on every machine, and so can be compared with that of an earlier run.</summary>
/// <param name="Value">The median.</param>
/// <param name="Spread">From the lowest round to the highest.</param>
/// <param name="Better">What it should be.</param>
internal sealed record Figure(double Value, double Spread, Better Better);

/// <summary>Prints what was measured in rounds, and keeps it for the plots and for the comparison with an earlier run.</summary>
internal static class Report
{
    private static readonly Dictionary<string, Figure> Compared = new(StringComparer.Ordinal);
    private static readonly Dictionary<string, Series> All = new(StringComparer.Ordinal);

    /// <summary>Those of this run that mean the same on every machine.</summary>
    public static IReadOnlyDictionary<string, Figure> Comparable => Compared;

    /// <summary>Prints the median as <paramref name="name"/>, and the spread.</summary>
    public static void Add(string name, Series series, string unit)
    {
        All.Add(name, series);
        Figures.Print(name, series.Median, unit);
        Figures.Print($"{name}_spread", series.Spread, unit);
    }

    /// <summary>The same for a figure that means the same on every machine.</summary>
    public static void Add(string name, Series series, string unit, Better better)
    {
        Add(name, series, unit);
        Compared.Add(name, new Figure(series.Median, series.Spread, better));
    }

    /// <summary>What this run has measured under a name; null when it has not.</summary>
    public static Series? Find(string name) => All.GetValueOrDefault(name);
}
