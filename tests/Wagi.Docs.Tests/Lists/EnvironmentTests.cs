using System.Text.RegularExpressions;
using Wagi.TestCluster.Pages;
using Wagi.TestCluster.Product;

namespace Wagi.Docs.Tests.Lists;

/// <summary><c>docs/environment.md</c> has every variable that the programs read, and no other.</summary>
public sealed partial class EnvironmentTests
{
    [Fact]
    public void EveryVariable_IsOnThePage_AndEveryOneOfThePageIsRead()
    {
        var read = new[] { "runtime", "operator", "lib" }
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Checkout.Root, folder), "*.cs", SearchOption.AllDirectories))
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal))
            .SelectMany(file => Read(File.ReadAllText(file)));
        var named = Page.Get("docs/environment.md").Prose.Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .SelectMany(line => Name().Matches(line.Split('|')[1]).Select(match => match.Groups[1].Value));

        Assert.Equal(read.Distinct().Order(StringComparer.Ordinal), named.Order(StringComparer.Ordinal));
    }

    /// <summary>By a literal, or by a constant of the same file.</summary>
    private static IEnumerable<string> Read(string source) => ReadVariable().Matches(source).Select(match => match.Groups["name"].Value).Select(
        name => name[0] == '"' ? name.Trim('"') : Regex.Match(source, $"const string {name} = \"(.*?)\"").Groups[1].Value).Where(name => name.Length > 0);

    [GeneratedRegex(@"(Environment\.GetEnvironmentVariable|[ (]Variable)\((?<name>""\w+""|[A-Z]\w*)\)")]
    private static partial Regex ReadVariable();

    [GeneratedRegex("`([A-Z_]+)`")]
    private static partial Regex Name();
}
