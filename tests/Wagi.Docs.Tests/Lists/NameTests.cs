using System.Text.RegularExpressions;
using Wagi.Runtime.Commands;
using Wagi.TestCluster.Pages;
using Wagi.TestCluster.Processes;
using Wagi.TestCluster.Product;
using YamlDotNet.RepresentationModel;

namespace Wagi.Docs.Tests.Lists;

/// <summary>What the text names is there: options of the programs, values of the chart, files of the repository.</summary>
public sealed partial class NameTests
{
    /// <summary>Options of other programs that the pages speak of.</summary>
    private static readonly string[] OfOthers =
        ["--compose", "--enable-bulk-memory", "--for", "--help", "--key", "--optimize", "--project", "--reuse-values", "--set", "--show-managed-fields", "--sysroot", "--target", "--tlog-upload"];

    [Fact]
    public async Task EveryOption_IsOneOfThePrograms()
    {
        var known = OfOthers.Concat(await OptionsAsync("wagi")).Concat(await OptionsAsync("wagi-operator")).Concat(PluginOptions()).ToHashSet(StringComparer.Ordinal);

        AssertKnown(span => Option().Matches(span).Select(match => match.Groups[1].Value), known.Contains);
    }

    [Fact]
    public void EveryOptionOfWagi_IsOnAPage_ByOneOfItsNames()
    {
        var named = Page.All.SelectMany(page => page.Prose).SelectMany(line => CodeSpan().Matches(line)).SelectMany(span => AnyOption().Matches(span.Groups[1].Value))
            .Select(match => match.Groups[1].Value).ToHashSet(StringComparer.Ordinal);
        var options = from command in RootCommandFactory.Create().Subcommands
                      from option in command.Options
                      where !option.Hidden && !option.Aliases.Append(option.Name).Any(named.Contains)
                      select $"{command.Name} {option.Name}";

        Assert.Equal([], options);
    }

    [Fact]
    public void EveryValue_IsOneOfTheChart()
    {
        var values = new YamlStream();
        values.Load(new StringReader(File.ReadAllText(Path.Combine(Checkout.Root, "charts", "wagi-operator", "values.yaml"))));
        var known = Paths("", values.Documents[0].RootNode).ToHashSet(StringComparer.Ordinal);

        AssertKnown(span => Value().Matches(span).Select(match => match.Groups[1].Value), known.Contains);
    }

    [Fact]
    public void EveryFile_IsInTheRepository() => AssertKnown(
        span => RepositoryPath().Matches(span).Select(match => match.Value).Where(path => !path.Contains("NAME", StringComparison.Ordinal)),
        path => Path.Exists(Path.Combine(Checkout.Root, path)));

    private static void AssertKnown(Func<string, IEnumerable<string>> find, Func<string, bool> isKnown)
    {
        var spans = from page in Page.All.Where(page => !page.Path.StartsWith("tests/", StringComparison.Ordinal)) // Of scripts and other programs.
                    from line in page.Prose.Index()
                    from span in CodeSpan().Matches(line.Item)
                    from name in find(span.Groups[1].Value)
                    select (Place: $"{page.Path}:{line.Index + 1}", Name: name);

        var unknown = spans.Where(item => !isKnown(item.Name)).ToList();
        Assert.True(unknown.Count == 0, "not there: " + string.Join(", ", unknown));
    }

    /// <summary>The options of a program and of its commands, as <c>--help</c> lists them.</summary>
    private static async Task<IEnumerable<string>> OptionsAsync(string program)
    {
        var path = Path.Combine(AppContext.BaseDirectory, program);
        var help = (await Command.RunAsync(path, ["--help"], cancellationToken: TestContext.Current.CancellationToken)).EnsureSuccess().Stdout;
        var commands = help.Split('\n').SkipWhile(line => line != "Commands:").Skip(1).TakeWhile(line => line.StartsWith("  ", StringComparison.Ordinal))
            .Where(line => line.Length > 2 && line[2] != ' ').Select(line => line.Trim().Split(' ')[0]);
        foreach (var command in commands)
        {
            help += (await Command.RunAsync(path, [command, "--help"], cancellationToken: TestContext.Current.CancellationToken)).EnsureSuccess().Stdout;
        }

        return Option().Matches(help).Select(match => match.Groups[1].Value);
    }

    /// <summary>The options of <c>kubectl wagi</c>, which is <c>wagi</c> by another name.</summary>
    private static IEnumerable<string> PluginOptions() => KubectlCommandFactory.Create().Subcommands.SelectMany(command => command.Options).Select(option => option.Name);

    private static IEnumerable<string> Paths(string path, YamlNode node) => node is YamlMappingNode map
        ? map.Children.SelectMany(child => Paths($"{path}{(path.Length == 0 ? "" : ".")}{child.Key}", child.Value)).Prepend(path)
        : [path];

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex CodeSpan();

    [GeneratedRegex(@"(?:^|[\s,])(--[a-zA-Z][-a-zA-Z]+)")]
    private static partial Regex Option();

    [GeneratedRegex(@"(?:^|[\s,/|\[])(--?[a-zA-Z][-a-zA-Z]*)")]
    private static partial Regex AnyOption();

    [GeneratedRegex(@"(?:^|\s)((?:crds|rbac|operator|runtime|networkPolicy|ingress|httpRoute|metrics|log)\.(?!yaml\b)[a-zA-Z]+(?:\.[a-zA-Z]+)*)\b(?!/)")]
    private static partial Regex Value();

    [GeneratedRegex(@"^(bench|charts|config|crds|dist|docs|images|lib|operator|runtime|samples|tests|\.ci)/[-\w./]*$")]
    private static partial Regex RepositoryPath();
}
