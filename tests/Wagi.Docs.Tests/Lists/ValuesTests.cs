using Wagi.TestCluster.Pages;
using Wagi.TestCluster.Product;
using YamlDotNet.RepresentationModel;

namespace Wagi.Docs.Tests.Lists;

/// <summary>The chart's README lists every value with its default.</summary>
public sealed class ValuesTests
{
    [Fact]
    public void EveryValueOfTheChart_IsListed_WithItsDefault()
    {
        var values = new YamlStream();
        values.Load(new StringReader(File.ReadAllText(Path.Combine(Checkout.Root, "charts", "wagi-operator", "values.yaml"))));
        var expected = Leaves("", values.Documents[0].RootNode).ToDictionary(leaf => leaf.Path, leaf => leaf.Default, StringComparer.Ordinal);

        var rows = Page.Get("charts/wagi-operator/README.md").Section("## Values")
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .Select(line => line.Split('|', 4, StringSplitOptions.TrimEntries))
            .ToDictionary(cells => cells[1].Trim('`'), cells => cells[2].Trim('`'), StringComparer.Ordinal);

        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), rows.Keys.Order(StringComparer.Ordinal));
        Assert.All(expected, value => Assert.Equal($"{value.Key}: {value.Value}", $"{value.Key}: {rows[value.Key]}"));
    }

    /// <summary>Values and lists; what is in a list is told by its meaning.</summary>
    private static IEnumerable<(string Path, string Default)> Leaves(string path, YamlNode node) => node switch
    {
        YamlMappingNode { Children.Count: > 0 } map => map.Children.SelectMany(child => Leaves(
            path.Length == 0 ? ((YamlScalarNode)child.Key).Value! : $"{path}.{child.Key}", child.Value)),
        YamlMappingNode => [(path, "{}")],
        YamlSequenceNode { Children.Count: 0 } => [(path, "[]")],
        YamlSequenceNode list when list.All(item => item is YamlScalarNode) => [(path, $"[{string.Join(", ", list)}]")],
        YamlSequenceNode => [(path, "see values.yaml")],
        YamlScalarNode { Value: "" } => [(path, "\"\"")],
        YamlScalarNode scalar => [(path, scalar.Value!)],
        _ => throw new InvalidOperationException($"{path} is a {node.NodeType}"),
    };
}
