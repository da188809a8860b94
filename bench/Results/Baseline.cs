using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Wagi.Bench.Results;

/// <summary>The figures that later runs are held against. They are in a file of the repository.</summary>
internal static class Baseline
{
    /// <summary>A line for each figure of the baseline that is worse by more than its spread there, or that this run has not measured.</summary>
    public static IReadOnlyList<string> Compare(IReadOnlyDictionary<string, Figure> baseline, IReadOnlyDictionary<string, Figure> measured) =>
        [.. baseline.OrderBy(figure => figure.Key, StringComparer.Ordinal).Select(figure => Complaint(figure.Key, figure.Value, measured)).OfType<string>()];

    private static string? Complaint(string name, Figure before, IReadOnlyDictionary<string, Figure> measured)
    {
        if (!measured.TryGetValue(name, out var now))
        {
            return $"{name} was not measured";
        }

        var worse = before.Better == Better.Higher ? before.Value - now.Value : now.Value - before.Value;
        return worse <= before.Spread
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"{name} is {now.Value:0.###}; it was {before.Value:0.###}, with a spread of {before.Spread:0.###}");
    }

    public static IReadOnlyDictionary<string, Figure> Read(string json) =>
        JsonSerializer.Deserialize(json, BaselineJson.Default.SortedDictionaryStringFigure)!;

    public static string Write(IReadOnlyDictionary<string, Figure> figures) =>
        JsonSerializer.Serialize(new SortedDictionary<string, Figure>(figures.ToDictionary(), StringComparer.Ordinal), BaselineJson.Default.SortedDictionaryStringFigure) + "\n";
}

[JsonSourceGenerationOptions(
    WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(SortedDictionary<string, Figure>))]
internal sealed partial class BaselineJson : JsonSerializerContext;
