using System.Text.RegularExpressions;
using Wagi.TestCluster.Pages;
using Wagi.TestCluster.Product;

namespace Wagi.Docs.Tests.Lists;

/// <summary>Each attack and each fault of <c>docs/threats.md</c>, and each point of <c>docs/http.md</c>, has a test that is there.</summary>
public sealed partial class ThreatsTests
{
    [Theory]
    [InlineData("docs/threats.md", 38)]
    [InlineData("docs/http.md", 30)]
    public void EveryRow_NamesTestsThatExist(string page, int atLeast)
    {
        var rows = Page.Get(page).Prose.Where(line => line.StartsWith("| ", StringComparison.Ordinal) && !Heading().IsMatch(line)).ToList();

        Assert.True(rows.Count >= atLeast, $"{rows.Count} rows");
        Assert.All(rows, row =>
        {
            var tests = TestName().Matches(TestCell().Match(row).Value);
            Assert.True(tests.Count > 0 || row.EndsWith("| not spoken | – |", StringComparison.Ordinal), $"no test: {row}");
            Assert.All(tests, test => Assert.True(IsTest(test.Groups["class"].Value, test.Groups["method"].Value), $"{test.Value} is not there"));
        });
    }

    private static bool IsTest(string className, string method) =>
        Directory.EnumerateFiles(Path.Combine(Checkout.Root, "tests"), className + ".cs", SearchOption.AllDirectories)
            .Any(file => Regex.IsMatch(File.ReadAllText(file), $@"\[(Fact|Theory)[^{{]* {Regex.Escape(method)}\("));

    [GeneratedRegex(@"^\| (attack|fault|point) \|")]
    private static partial Regex Heading();

    [GeneratedRegex(@"\|[^|]*\|$")]
    private static partial Regex TestCell();

    [GeneratedRegex(@"`(?<class>\w+)\.(?<method>\w+)`")]
    private static partial Regex TestName();
}
