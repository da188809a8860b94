using System.Text.RegularExpressions;
using Wagi.TestCluster.Product;

namespace Wagi.Bench.Tests.Servers;

/// <summary>What is measured is built by <c>make bench</c>: a sample that is missing is left out, and the figure of it with it.</summary>
public sealed partial class MeasuredSamplesTests
{
    [Fact]
    public void EverySampleThatIsMeasured_IsBuiltBefore()
    {
        var built = Built.Match(File.ReadAllText(Path.Combine(Checkout.Root, "Makefile"))).Groups[1].Value
            .Split([' ', '\t', '\n', '\\'], StringSplitOptions.RemoveEmptyEntries);
        var measured = Directory.EnumerateFiles(Path.Combine(Checkout.Root, "bench"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal))
            .SelectMany(file => Sample.Matches(File.ReadAllText(file)).Select(match => match.Groups[1].Value))
            .Distinct();

        Assert.Equal(measured.Order(StringComparer.Ordinal), built.Order(StringComparer.Ordinal));
    }

    [GeneratedRegex(@"^BENCH_SAMPLES := ((?:.*\\\n)*.*)$", RegexOptions.Multiline)]
    private static partial Regex Built { get; }

    [GeneratedRegex("\"([a-z]+-(?:c|rust|go|zig|assemblyscript|javascript|http|wasip2)(?:-[a-z0-9-]+)?)\"")]
    private static partial Regex Sample { get; }
}
