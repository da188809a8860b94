using System.Text.RegularExpressions;
using Wagi.Docs.Tests.Pages;
using Wagi.TestCluster.Product;

namespace Wagi.Docs.Tests.Lists;

/// <summary>Each attack and each fault of <c>docs/threats.md</c> has a test that is there.</summary>
public sealed partial class ThreatsTests
{
    [Fact]
    public void EveryAttackAndFault_NamesATestThatExists()
    {
        var rows = Page.Get("docs/threats.md").Prose.Where(line => line.StartsWith("| ", StringComparison.Ordinal) && !Heading().IsMatch(line)).ToList();

        Assert.True(rows.Count >= 38, $"{rows.Count} attacks and faults");
        Assert.All(rows, row =>
        {
            var test = TestCell().Match(row);
            Assert.True(test.Success, $"no test: {row}");
            Assert.True(IsTest(test.Groups["class"].Value, test.Groups["method"].Value), $"{test.Value} is not there");
        });
    }

    private static bool IsTest(string className, string method) =>
        Directory.EnumerateFiles(Path.Combine(Checkout.Root, "tests"), className + ".cs", SearchOption.AllDirectories)
            .Any(file => Regex.IsMatch(File.ReadAllText(file), $@"\[(Fact|Theory)[^{{]* {Regex.Escape(method)}\("));

    [GeneratedRegex(@"^\| (attack|fault) \|")]
    private static partial Regex Heading();

    [GeneratedRegex(@"\| `(?<class>\w+)\.(?<method>\w+)` \|$")]
    private static partial Regex TestCell();
}
