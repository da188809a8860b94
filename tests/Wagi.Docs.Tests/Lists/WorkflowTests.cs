using System.Text.RegularExpressions;
using Wagi.TestCluster.Product;

namespace Wagi.Docs.Tests.Lists;

/// <summary>What the workflows and the dev container run is what people run: targets of the Makefile, and scripts of the repository.</summary>
public sealed partial class WorkflowTests
{
    public static TheoryData<string> Files => [".github/workflows/ci.yml", ".github/workflows/release.yml"];

    [Theory]
    [MemberData(nameof(Files))]
    public void EveryTargetAndScript_IsThere(string path)
    {
        var text = File.ReadAllText(Path.Combine(Checkout.Root, path));
        var targets = TargetName().Matches(File.ReadAllText(Path.Combine(Checkout.Root, "Makefile"))).Select(match => match.Groups[1].Value);

        var run = Make().Matches(text).Select(match => match.Groups[1].Value).ToList();
        var scripts = Script().Matches(text).Select(match => match.Groups[1].Value).ToList();

        Assert.NotEmpty(run.Concat(scripts));
        Assert.All(run, target => Assert.Contains(target, targets));
        Assert.All(scripts, script => Assert.True(File.Exists(Path.Combine(Checkout.Root, script)), $"{path}: there is no {script}"));
    }

    [GeneratedRegex(@"^([a-z0-9-]+):", RegexOptions.Multiline)]
    private static partial Regex TargetName();

    [GeneratedRegex(@"(?:run: |^ +)make ([a-z-]+)", RegexOptions.Multiline)]
    private static partial Regex Make();

    [GeneratedRegex(@"(?:run: |^ +|\$\()((?:\.ci|tests|images|dist|samples)/[a-z/-]+)", RegexOptions.Multiline)]
    private static partial Regex Script();
}
