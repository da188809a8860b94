using System.CommandLine;
using System.Diagnostics;
using Wagi.Kubernetes.Resources;
using Wagi.Operator.Commands;
using Wagi.TestCluster;

namespace Wagi.Operator.Tests.Rendering;

/// <summary><c>wagi-operator render --watch</c> follows what a person does in an editor.</summary>
public sealed class RenderWatchTests : IAsyncLifetime
{
    private static readonly TimeSpan HalfASecond = TimeSpan.FromSeconds(0.5);

    private readonly TempDirectory _manifests = new("watch");
    private readonly TempDirectory _output = new("watch-output");
    private readonly StringWriter _error = new();
    private readonly CancellationTokenSource _stop = new();
    private Task<int> _run = Task.FromResult(0);

    private string Toml => File.Exists(_output.PathOf("modules.toml")) ? File.ReadAllText(_output.PathOf("modules.toml")) : "";

    private string Errors
    {
        get
        {
            lock (_error)
            {
                return _error.ToString();
            }
        }
    }

    public async ValueTask InitializeAsync()
    {
        _manifests.Write("a.yaml", Module("a", "/a"));
        _manifests.Write("b.yaml", Module("b", "/b"));
        _run = RootCommandFactory.Create()
            .Parse(["render", _manifests.FullPath, "--watch", "--output", _output.PathOf("modules.toml")])
            .InvokeAsync(new InvocationConfiguration { Output = TextWriter.Null, Error = TextWriter.Synchronized(_error), ProcessTerminationTimeout = null }, _stop.Token);
        await BecomesAsync(toml => toml.Contains("\"/a\"", StringComparison.Ordinal));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Assert.Equal(0, await _run);
        _manifests.Dispose();
        _output.Dispose();
        _error.Dispose();
        _stop.Dispose();
    }

    [Fact]
    public async Task EditedManifest_IsRenderedWithinHalfASecond()
    {
        var fastest = TimeSpan.MaxValue;

        // The best of a few: a machine that does other things as well may be slow once, but not always.
        for (var i = 0; i < 5 && fastest > HalfASecond; i++)
        {
            var route = $"/changed-{i}";
            var elapsed = Stopwatch.StartNew();
            _manifests.Write("a.yaml", Module("a", route));
            await BecomesAsync(toml => toml.Contains(route, StringComparison.Ordinal));
            fastest = elapsed.Elapsed < fastest ? elapsed.Elapsed : fastest;
        }

        Assert.True(fastest <= HalfASecond, $"it took {fastest.TotalMilliseconds:0} ms");
    }

    [Fact]
    public async Task NewAndDeletedManifests_AreFollowed()
    {
        Directory.CreateDirectory(_manifests.PathOf("deep"));
        File.WriteAllText(_manifests.PathOf("deep/c.yaml"), Module("c", "/c"));
        await BecomesAsync(toml => toml.Contains("\"/c\"", StringComparison.Ordinal));

        File.Delete(_manifests.PathOf("b.yaml"));
        await BecomesAsync(toml => !toml.Contains("\"/b\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task OnlyWhatHasChanged_IsPrintedAgain()
    {
        async Task<string> PrintsAsync(int from, string last) =>
            (await Eventually.Becomes(() => Errors, errors => errors[from..].Contains(last, StringComparison.Ordinal), cancellationToken: TestContext.Current.CancellationToken))[from..];

        var start = (await PrintsAsync(0, "default/b")).Length;
        _manifests.Write("a.yaml", Module("a", "/other"));
        Assert.Equal("MODULE     ROUTE   VERDICT   REASON\ndefault/a  /other  accepted  Programmed\n", await PrintsAsync(start, "Programmed\n"));

        // In modules.toml alone.
        start = Errors.Length;
        _manifests.Write("a.yaml", Module("a", "/other") + "  timeout: 3s\n");
        Assert.Equal("MODULE     ROUTE   VERDICT   REASON\ndefault/a  /other  accepted  Programmed\n", await PrintsAsync(start, "Programmed\n"));

        start = Errors.Length;
        File.Delete(_manifests.PathOf("b.yaml"));
        Assert.Equal("MODULE     ROUTE  VERDICT  REASON\ndefault/b  /b     removed\n", await PrintsAsync(start, "removed\n"));
    }

    [Fact]
    public async Task ManifestReplacedByRename_AsEditorsDo_IsFollowed()
    {
        _manifests.Write(".a.yaml.swp", Module("a", "/renamed"));
        File.Move(_manifests.PathOf(".a.yaml.swp"), _manifests.PathOf("a.yaml"), overwrite: true);

        await BecomesAsync(toml => toml.Contains("\"/renamed\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task BrokenYaml_KeepsTheLastGoodVersion_WhileOthersChange()
    {
        _manifests.Write("a.yaml", "kind: [\n");
        await Eventually.Becomes(() => Errors, errors => errors.Contains("a.yaml:2:1: error: not well-formed YAML", StringComparison.Ordinal), cancellationToken: TestContext.Current.CancellationToken);

        Assert.Contains("default/a  /a     refused, last good kept  InvalidManifest", Errors, StringComparison.Ordinal);

        _manifests.Write("b.yaml", Module("b", "/b2"));
        var toml = await BecomesAsync(toml => toml.Contains("\"/b2\"", StringComparison.Ordinal));
        Assert.Contains("\"/a\"", toml, StringComparison.Ordinal);

        _manifests.Write("a.yaml", Module("a", "/mended"));
        await BecomesAsync(toml => toml.Contains("\"/mended\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task NewClassThatCannotBeRead_ChangesNothing_UntilItCan()
    {
        _manifests.Write("class.yaml", "kind: [WagiClass\n");
        await Eventually.Becomes(() => Errors, errors => errors.Contains("nothing is rendered", StringComparison.Ordinal), cancellationToken: TestContext.Current.CancellationToken);
        _manifests.Write("b.yaml", Module("b", "/forbidden"));
        _manifests.Write("c.yaml", "kind: [\n");
        await Eventually.Becomes(() => Errors, errors => errors.Contains("c.yaml:2:1", StringComparison.Ordinal), cancellationToken: TestContext.Current.CancellationToken);

        Assert.Contains("\"/a\"", Toml, StringComparison.Ordinal);
        Assert.Contains("\"/b\"", Toml, StringComparison.Ordinal);

        File.Delete(_manifests.PathOf("class.yaml"));
        await BecomesAsync(toml => toml.Contains("\"/forbidden\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task RuleThatCannotBe_ChangesNothing_UntilItCan()
    {
        const string Class = "apiVersion: wagi.dev/v1alpha1\nkind: WagiClass\nmetadata: {name: default, annotations: {wagi.dev/is-default-class: \"true\"}}\nspec:\n  limits: {timeout: {default: 3s, max: 1s}}\n";
        _manifests.Write("class.yaml", Class);
        await Eventually.Becomes(() => Errors, errors => errors.Contains("nothing is rendered", StringComparison.Ordinal), cancellationToken: TestContext.Current.CancellationToken);
        _manifests.Write("b.yaml", Module("b", "/forbidden"));
        _manifests.Write("c.yaml", "kind: [\n");
        await Eventually.Becomes(() => Errors, errors => errors.Contains("c.yaml:2:1", StringComparison.Ordinal), cancellationToken: TestContext.Current.CancellationToken);

        Assert.Contains("\"/a\"", Toml, StringComparison.Ordinal);
        Assert.Contains("\"/b\"", Toml, StringComparison.Ordinal);
        Assert.DoesNotContain("removed", Errors, StringComparison.Ordinal);

        _manifests.Write("class.yaml", Class.Replace("3s", "1s", StringComparison.Ordinal));
        await BecomesAsync(toml => toml.Contains("\"/forbidden\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task SpecThatBecomesInvalid_KeepsTheLastGoodVersion()
    {
        _manifests.Write("a.yaml", Module("a", "/a") + "  timeout: soon\n");

        await Eventually.Becomes(() => Errors, errors => errors.Contains("refused, last good kept", StringComparison.Ordinal), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Contains("\"/a\"", Toml, StringComparison.Ordinal);
    }

    private static string Module(string name, string route) =>
        $"apiVersion: wagi.dev/v1alpha1\nkind: WagiModule\nmetadata: {{name: {name}}}\nspec:\n  route: {route}\n  module: r.example/a\n";

    private Task<string> BecomesAsync(Func<string, bool> condition) =>
        Eventually.Becomes(() => Toml, condition, cancellationToken: TestContext.Current.CancellationToken);
}
