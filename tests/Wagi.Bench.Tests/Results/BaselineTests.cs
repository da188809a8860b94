using Wagi.Bench.Results;

namespace Wagi.Bench.Tests.Results;

public sealed class BaselineTests
{
    private static readonly Dictionary<string, Figure> Before = new()
    {
        ["http_ratio"] = new(0.60, 0.05, Better.Higher),
        ["p99_ratio"] = new(1.40, 0.10, Better.Lower),
    };

    [Theory]
    [InlineData(0.60, 1.40)]
    [InlineData(0.56, 1.49)]
    [InlineData(0.90, 0.90)]
    public void FiguresWithinTheirSpreadOrBetter_Pass(double http, double p99) =>
        Assert.Empty(Compare(("http_ratio", http), ("p99_ratio", p99)));

    [Theory]
    [InlineData(0.54, 1.40, "http_ratio is 0.54; it was 0.6, with a spread of 0.05")]
    [InlineData(0.60, 1.51, "p99_ratio is 1.51; it was 1.4, with a spread of 0.1")]
    public void FigureThatIsWorseByMoreThanItsSpread_IsNamed(double http, double p99, string complaint) =>
        Assert.Equal([complaint], Compare(("http_ratio", http), ("p99_ratio", p99)));

    [Fact]
    public void SpreadOfThisRun_ExcusesNothing() =>
        Assert.Single(Baseline.Compare(Before, new Dictionary<string, Figure>(Before) { ["http_ratio"] = new(0.50, 0.50, Better.Higher) }));

    [Fact]
    public void FigureThatIsNoNumber_IsNamed() =>
        Assert.Single(Compare(("http_ratio", double.NaN), ("p99_ratio", 1.40)));

    [Fact]
    public void FigureThatThisRunLacks_IsNamed() =>
        Assert.Equal(["p99_ratio was not measured"], Compare(("http_ratio", 0.60)));

    [Fact]
    public void FigureThatTheBaselineLacks_Passes() =>
        Assert.Empty(Compare(("http_ratio", 0.60), ("p99_ratio", 1.40), ("new_ratio", 7)));

    [Fact]
    public void WrittenBaseline_IsReadAsItWas()
    {
        var text = Baseline.Write(Before);

        Assert.Equal(Before, Baseline.Read(text));
        Assert.Contains("\"better\": \"Lower\"", text, StringComparison.Ordinal);
    }

    private static IReadOnlyList<string> Compare(params IEnumerable<(string Name, double Value)> measured) =>
        Baseline.Compare(Before, measured.ToDictionary(figure => figure.Name, figure => new Figure(figure.Value, 0, Better.Higher)));
}
