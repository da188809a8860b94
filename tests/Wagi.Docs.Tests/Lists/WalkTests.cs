using System.Text.RegularExpressions;
using Wagi.TestCluster.Pages;
using Wagi.TestCluster.Product;

namespace Wagi.Docs.Tests.Lists;

/// <summary>The walks through the code name files and members that are there.</summary>
public sealed partial class WalkTests
{
    [Theory]
    [InlineData("### One request", 15)]
    [InlineData("### One reload", 10)]
    [InlineData("### One WagiModule", 12)]
    public void EveryStep_IsInTheCode(string heading, int atLeast)
    {
        var steps = Step().Matches(string.Join('\n', Page.Get("docs/contributing.md").Section(heading)));

        Assert.True(steps.Count >= atLeast, $"{heading} names {steps.Count} files");
        Assert.All(steps, step =>
        {
            var path = step.Groups["file"].Value;
            Assert.True(File.Exists(Path.Combine(Checkout.Root, path)), $"{path} is not there");
            var code = File.ReadAllText(Path.Combine(Checkout.Root, path));
            Assert.All(step.Groups["member"].Captures, member =>
                Assert.True(Regex.IsMatch(code, $@"\b{member.Value}(<\w+>)?\("), $"{path} has no {member.Value}"));
        });
    }

    [GeneratedRegex(@"`(?<file>[\w./]+\.cs)`(\s+\((`(?<member>\w+)`)?)?")]
    private static partial Regex Step();
}
