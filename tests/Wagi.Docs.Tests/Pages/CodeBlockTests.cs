using System.Text.RegularExpressions;
using Wagi.TestCluster.Pages;
using Wagi.TestCluster.Product;

namespace Wagi.Docs.Tests.Pages;

/// <summary>No command is in the documentation without a test, or without a word about what it needs.</summary>
public sealed partial class CodeBlockTests
{
    private static readonly Lazy<ILookup<string, string>> TestSources = new(() => Directory
        .EnumerateFiles(Path.Combine(Checkout.Root, "tests"), "*Tests.cs", SearchOption.AllDirectories)
        .ToLookup(path => Path.GetFileNameWithoutExtension(path), File.ReadAllText, StringComparer.Ordinal));

    public static TheoryData<string> Pages => new(Page.All.Select(page => page.Path));

    [Theory]
    [MemberData(nameof(Pages))]
    public void EveryBlock_SaysWhatItIs(string path) =>
        Assert.All(Page.Get(path).Blocks, block => Assert.True(block.Language.Length > 0, $"{block}: the fence names no language; plain text is `text`"));

    [Theory]
    [MemberData(nameof(Pages))]
    public void EveryCommand_IsRunByATest_OrSaysWhatItNeeds(string path)
    {
        var page = Page.Get(path);
        var shells = page.Blocks.Where(block => block.IsShell).ToList();

        Assert.All(shells, block => Assert.True(
            block.Runs || block.NeedsMore || block.Tests.Length > 0,
            $"{block}: write before it `<!-- runs -->`, `<!-- tested by: Class.Method -->` or, for the reader to see, `*Needs a cluster.*`"));
        Assert.All(shells.SelectMany(block => block.Tests.Select(test => (block, test))), item =>
            Assert.True(Exists(item.test), $"{item.block}: there is no test {item.test}"));
        // An indented block would be passed over by all of this.
        Assert.Empty(page.Prose.Index().Where(line => IndentedCommand().IsMatch(line.Item) && page.Prose[Math.Max(0, line.Index - 1)].Length == 0)
            .Select(line => $"{path}:{line.Index + 1}: use a fence: {line.Item}"));
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void EveryTestThatTheTextNames_IsThere(string path)
    {
        var named = Page.Get(path).Prose.SelectMany(line => TestName().Matches(line)).Select(match => match.Groups[1].Value);

        Assert.All(named, test => Assert.True(Exists(test), $"{path}: there is no test {test}"));
    }

    private static bool Exists(string test) => test.Contains('/', StringComparison.Ordinal)
        ? File.Exists(Path.Combine(Checkout.Root, test))
        : test.Split('.') is [var type, var method] && TestSources.Value[type].Any(source =>
            source.Contains($" {method}(", StringComparison.Ordinal));

    [GeneratedRegex(@"`(\w+Tests\.\w+)`")]
    private static partial Regex TestName();

    [GeneratedRegex(@"^ {4}[^\s-*]")]
    private static partial Regex IndentedCommand();
}
