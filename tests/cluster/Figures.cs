using System.Globalization;

namespace Wagi.TestCluster;

/// <summary>Prints what was measured.</summary>
public static class Figures
{
    /// <summary>One line <c>figure NAME VALUE UNIT</c>.</summary>
    public static void Print(string name, double value, string unit)
    {
        // Three significant digits at least: the machine is not steadier than that.
        var format = Math.Abs(value) switch { >= 100 or 0 => "0", >= 10 => "0.0", >= 1 => "0.00", _ => "0.000" };
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"figure {name} {value.ToString(format, CultureInfo.InvariantCulture)} {unit}"));
    }

    /// <summary>The value that <paramref name="share"/> (0 to 1) of the values do not exceed.</summary>
    public static double Percentile(IReadOnlyCollection<double> values, double share)
    {
        var sorted = values.Order().ToList();
        return sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Count) - 1, 0, sorted.Count - 1)];
    }
}
