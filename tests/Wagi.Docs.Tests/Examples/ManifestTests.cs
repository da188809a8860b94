using Wagi.Modules.Configuration;
using Wagi.TestCluster;
using Wagi.TestCluster.Pages;
using Wagi.TestCluster.Processes;
using Wagi.TestCluster.Product;
using YamlDotNet.RepresentationModel;

namespace Wagi.Docs.Tests.Examples;

/// <summary>The manifests and files that the pages show.</summary>
public sealed class ManifestTests
{
    private static readonly string Chart = Path.Combine(Checkout.Root, "charts", "wagi-operator");

    public static TheoryData<string> Pages => new(Page.All.Where(page => page.Blocks.Any(block => block.Language is "yaml" or "toml")).Select(page => page.Path));

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task EveryManifest_IsAccepted(string path)
    {
        foreach (var block in Page.Get(path).Blocks.Where(block => block.Language == "yaml"))
        {
            foreach (var document in Documents(block))
            {
                await CheckAsync(block, document);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void EveryModulesToml_IsWithoutAProblem(string path) => Assert.All(
        Page.Get(path).Blocks.Where(block => block.Language == "toml" && block.Text.Contains("[[module]]", StringComparison.Ordinal)
            && block.File?.StartsWith("wrong", StringComparison.Ordinal) != true),
        block => Assert.True(ModulesTomlReader.Read(block.Text, block.ToString()).Problems is [], string.Join('\n', ModulesTomlReader.Read(block.Text, block.ToString()).Problems)));

    private static async Task CheckAsync(CodeBlock block, YamlMappingNode document)
    {
        switch (Text(document, "kind"))
        {
            case "WagiModule" or "WagiClass":
                await AssertRenderedAsync(block, document);
                break;
            case "HelmRelease" when Node(document, "spec", "values") is YamlMappingNode values:
                await AssertTemplatedAsync(block, values);
                break;
            case "Application" when Node(document, "spec", "source", "helm", "valuesObject") is YamlMappingNode values:
                await AssertTemplatedAsync(block, values);
                break;
            case null when IsValues(document):
                await AssertTemplatedAsync(block, document);
                break;
        }
    }

    private static async Task AssertRenderedAsync(CodeBlock block, YamlMappingNode manifest)
    {
        using var folder = new TempDirectory("manifest");
        folder.Write("manifest.yaml", Yaml(manifest));

        var result = await Command.RunAsync(
            Path.Combine(AppContext.BaseDirectory, "wagi-operator"), ["render", folder.FullPath], cancellationToken: TestContext.Current.CancellationToken);

        // The Secrets and ConfigMaps that a module names are not on the page.
        var errors = result.Stderr.Split('\n').Where(line => line.Contains("error:", StringComparison.Ordinal));
        Assert.All(errors, error => Assert.True(error.Contains(" does not exist", StringComparison.Ordinal), $"{block}: {error}"));
        Assert.True(result.ExitCode == 0 || errors.Any(), $"{block}: {result}");
    }

    private static async Task AssertTemplatedAsync(CodeBlock block, YamlMappingNode values)
    {
        Assert.SkipWhen(TestTools.WhyMissing("helm") is not null, TestTools.WhyMissing("helm") ?? "");
        using var folder = new TempDirectory("values");
        var file = folder.Write("values.yaml", Yaml(values));

        var result = await Command.RunAsync("helm", ["template", "wagi", Chart, "--namespace", "wagi-system", "-f", file], cancellationToken: TestContext.Current.CancellationToken);

        Assert.True(result.ExitCode == 0, $"{block}: {result}");
    }

    private static IEnumerable<YamlMappingNode> Documents(CodeBlock block)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(block.Text));
        return stream.Documents.Select(document => document.RootNode).OfType<YamlMappingNode>();
    }

    private static bool IsValues(YamlMappingNode document)
    {
        var known = new YamlStream();
        known.Load(new StringReader(File.ReadAllText(Path.Combine(Chart, "values.yaml"))));
        var values = ((YamlMappingNode)known.Documents[0].RootNode).Children;
        return document.Children.Count > 0
            && document.Children.All(pair => values.TryGetValue(pair.Key, out var value) && value is YamlMappingNode == pair.Value is YamlMappingNode);
    }

    private static YamlNode? Node(YamlNode? node, params IEnumerable<string> path) =>
        path.Aggregate(node, (inner, key) => inner is YamlMappingNode map && map.Children.TryGetValue(key, out var value) ? value : null);

    private static string? Text(YamlNode node, string key) => (Node(node, key) as YamlScalarNode)?.Value;

    private static string Yaml(YamlNode node)
    {
        using var text = new StringWriter();
        new YamlStream(new YamlDocument(node)).Save(text, assignAnchors: false);
        return text.ToString();
    }
}
