using System.Collections.Immutable;
using System.CommandLine;
using Wagi.Kubernetes.Resources;
using Wagi.Modules.Configuration;
using Wagi.Modules.Secrets;
using Wagi.Oci.Modules;
using Wagi.Oci.References;
using Wagi.Oci.Remote;
using Wagi.Operator.Commands;
using Wagi.Operator.Planning;
using Wagi.Operator.Tests.Cluster;
using Wagi.TestCluster;
using Wagi.TestCluster.Registry;

namespace Wagi.Operator.Tests.Rendering;

/// <summary><c>wagi-operator render</c> as a user sees it: output, messages, exit code.</summary>
public sealed class RenderCommandTests : IDisposable
{
    private const string Header = "# Written by wagi-operator from the WagiModules; changes by hand are overwritten.\n\n";

    private readonly TempDirectory _directory = new("render");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Manifests_BecomeModulesToml_AndVerdicts()
    {
        Write("hello.yaml", Module("hello", "/hello", "localhost:5000/samples/hello:v1"));
        Write("nested/other.yml", Module("other", "/other/...", "ghcr.io/example/other:v2"));
        Write("kustomization.yaml", "resources: [hello.yaml]\n");
        Write("deployment.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n");

        var run = await RenderAsync();

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(
            ChecksumLine.AddTo(
                $"""
                {Header}[[module]]
                id = "default/hello"
                route = "/hello"
                module = "oci://localhost:5000/samples/hello:v1"
                revision = "{Revision(run, 0)}"

                [[module]]
                id = "default/other"
                route = "/other/..."
                module = "oci://ghcr.io/example/other:v2"
                revision = "{Revision(run, 1)}"

                """),
            run.Output);
        Assert.Equal(
            """
            MODULE         ROUTE       VERDICT   REASON
            default/hello  /hello      accepted  Programmed
            default/other  /other/...  accepted  Programmed

            """,
            run.Error);
    }

    [Fact]
    public async Task SeveralDocumentsAndLists_InYamlAndJson_AreRead()
    {
        Write("two.yaml", Module("a", "/a", "r.example/a") + "---\n" + Module("b", "/b", "r.example/a") + "---\n");
        Write("list.yaml", "apiVersion: v1\nkind: List\nitems:\n- " + Module("c", "/c", "r.example/a").TrimEnd().Replace("\n", "\n  ", StringComparison.Ordinal) + "\n");
        Write("d.json", "{\n\t\"apiVersion\": \"wagi.dev/v1alpha1\", \"kind\": \"WagiModule\",\n\t\"metadata\": {\"name\": \"d\", \"namespace\": \"team\"},\n\t\"spec\": {\"route\": \"/d\", \"module\": \"r.example/a\"}\n}\n");

        var run = await RenderAsync();

        Assert.Equal(["default/a", "default/b", "default/c", "team/d"], Entries(run).Select(entry => entry.Id));
    }

    [Fact]
    public async Task Refusals_StandBesideTheLinesThatCausedThem()
    {
        Write("a.yaml", Module("winner", "/x", "r.example/a"));
        Write("b.yaml", """
            apiVersion: wagi.dev/v1alpha1
            kind: WagiModule
            metadata:
              name: zwei
            spec:
              route: /x
              module: r.example/a
            ---
            apiVersion: wagi.dev/v1alpha1
            kind: WagiModule
            metadata:
              name: drei
            spec:
              route: drei
              module: r.example/a
              env:
                - name: OK
                  value: "1"
                - name: HTTP_HOST
                  value: x
            ---
            apiVersion: wagi.dev/v1alpha1
            kind: WagiModule
            metadata:
              name: vier
            spec:
              route: /vier
              module: r.example/a
              env:
                - name: TOKEN
                  valueFrom: {secretKeyRef: {name: api, key: token}}
            """);

        var run = await RenderAsync();

        Assert.Equal(1, run.ExitCode);
        Assert.Equal("default/winner", Assert.Single(Entries(run)).Id);
        Assert.Equal(
            """
            MODULE          ROUTE  VERDICT   REASON
            default/drei    drei   refused   InvalidSpec
            default/vier    /vier  refused   SecretNotFound
            default/winner  /x     accepted  Programmed
            default/zwei    /x     refused   RouteConflict
            b.yaml:6:3: error: route '/x' belongs to WagiModule default/winner, which comes first (by age, then by name); change the route, or limit one of the two to hosts
            b.yaml:14:3: error: spec.route: route 'drei' must start with '/'
            b.yaml:19:7: error: spec.env[1].name: 'HTTP_HOST' is a CGI meta-variable, which the runtime sets itself for every request
            b.yaml:29:3: error: Secret default/api does not exist (env TOKEN)

            """,
            run.Error);
    }

    [Theory]
    [InlineData("spec: {route: /a, module: r.example/a, maxConcurency: 3}", "bad.yaml:4:40: error: spec.maxConcurency is not a field of a WagiModule (did you mean maxConcurrency?)")]
    [InlineData("spec: {route: /a, module: r.example/a, env: [{name: A, value: 1}]}", "bad.yaml:4:56: error: spec.env[0].value must be a string and is an integer (write \"1\" in quotes)")]
    [InlineData("spec: {route: /a, module: r.example/a, env: [{name: A, value: yes}]}", "bad.yaml:4:56: error: spec.env[0].value must be a string and is a boolean (write \"true\" in quotes)")]
    [InlineData("spec: {route: /a, module: r.example/a, rateLimit: 100}", "bad.yaml:4:40: error: spec.rateLimit must be a string and is an integer (write for example 100/s)")]
    [InlineData("spec: {route: /a, module: r.example/a, rateLimit: '100'}", "error: spec.rateLimit: '100' is not a number of requests, 1 to 999999, in a second, a minute or an hour; write for example '100/s', '1000/m' or '10/h'")]
    [InlineData("spec: {route: /a, module: r.example/a, hosts: a.example}", "bad.yaml:4:40: error: spec.hosts must be an array and is a string")]
    [InlineData("spec: {route: /a, module: r.example/a, maxConcurrency: 1.5}", "bad.yaml:4:40: error: spec.maxConcurrency must be an integer and is a number")]
    [InlineData("spec: {route: /a, module: r.example/a", "bad.yaml:5:1: error: not well-formed YAML: ")]
    [InlineData("spec: {route: /a, route: /b}", "bad.yaml:4:19: error: not well-formed YAML: ")]
    [InlineData("specs: {}", "bad.yaml:4:1: error: specs is not a field of a WagiModule (did you mean spec?)")]
    public async Task ManifestThatCannotBeRead_IsReportedWithItsLine(string spec, string expected)
    {
        Write("bad.yaml", $"apiVersion: wagi.dev/v1alpha1\nkind: WagiModule\nmetadata: {{name: bad}}\n{spec}\n");
        Write("good.yaml", Module("good", "/good", "r.example/a"));

        var run = await RenderAsync();

        Assert.Equal(1, run.ExitCode);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
        Assert.Equal("default/good", Assert.Single(Entries(run)).Id);
    }

    [Fact]
    public async Task ManifestThatCannotBeRead_HasItsRowInTheTable()
    {
        Write("bad.yaml", Module("bad", "/bad", "r.example/a") + "  maxConcurency: 3\n");
        Write("good.yaml", Module("good", "/good", "r.example/a"));

        var run = await RenderAsync();

        Assert.StartsWith(
            """
            MODULE        ROUTE  VERDICT   REASON
            default/bad          refused   InvalidManifest
            default/good  /good  accepted  Programmed

            """,
            run.Error, StringComparison.Ordinal);
    }

    private const string PrefixClass = """
        apiVersion: wagi.dev/v1alpha1
        kind: WagiClass
        metadata:
          name: shared
          annotations: {wagi.dev/is-default-class: "true"}
        spec:
          routes: {mode: Prefix}
          limits: {timeout: {max: 10s}}
        ---
        apiVersion: v1
        kind: Namespace
        metadata: {name: default, annotations: {wagi.dev/route-prefix: /teams/a}}
        ---

        """;

    [Fact]
    public async Task RulesOfAClass_HoldInAFolderToo()
    {
        Write("class.yaml", PrefixClass);
        Write("good.yaml", Module("good", "/teams/a/hello", "r.example/a"));
        Write("bad.yaml", Module("bad", "/hello", "r.example/a"));

        var run = await RenderAsync();

        Assert.Equal(1, run.ExitCode);
        Assert.Equal(["default/good"], Entries(run).Select(entry => entry.Id));
        Assert.Contains("timeout = \"10s\"", run.Output, StringComparison.Ordinal);
        Assert.Contains(
            "bad.yaml:5:3: error: spec.route: '/hello' is neither '/teams/a' nor below it, which is the prefix of namespace 'default' (rule spec.routes of WagiClass 'shared'",
            run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModulesOfOtherClasses_AreLeftOut_WithAWord()
    {
        Write("class.yaml", PrefixClass + PrefixClass.Replace("name: shared", "name: trusted", StringComparison.Ordinal).Replace("\"true\"", "\"false\"", StringComparison.Ordinal)
            .Replace("Prefix}", "Open}", StringComparison.Ordinal));
        Write("a.yaml", Module("a", "/teams/a", "r.example/a"));
        Write("b.yaml", Module("b", "/b", "r.example/a") + "  className: trusted\n");

        var byDefault = await RenderAsync();
        var trusted = await RenderAsync("--class", "trusted");

        Assert.Equal((0, 0), (byDefault.ExitCode, trusted.ExitCode));
        Assert.Equal(["default/a"], Entries(byDefault).Select(entry => entry.Id));
        Assert.Contains("b.yaml:7:3: warning: WagiModule default/b has another class than 'shared' and is left out (choose with --class)", byDefault.Error, StringComparison.Ordinal);
        Assert.Equal(["default/b"], Entries(trusted).Select(entry => entry.Id));
    }

    [Fact]
    public async Task ModuleWithoutClass_IsLeftOut_WhenNoClassIsTheDefaultOne()
    {
        Write("class.yaml", PrefixClass.Replace("\"true\"", "\"false\"", StringComparison.Ordinal));
        Write("a.yaml", Module("a", "/teams/a", "r.example/a"));

        var run = await RenderAsync();

        Assert.Equal(0, run.ExitCode);
        Assert.Empty(Entries(run));
        Assert.Contains(
            "warning: WagiModule default/a names no class, and 'shared' is not the default one: it is left out (set spec.className, or choose with --class)",
            run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ClassWithAFieldThatIsNotKnown_LetsNothingPass()
    {
        Write("class.yaml", PrefixClass.Replace("max: 10s", "maximum: 10s", StringComparison.Ordinal));
        Write("a.yaml", Module("a", "/teams/a", "r.example/a"));

        var run = await RenderAsync();

        Assert.Equal(1, run.ExitCode);
        Assert.Empty(Entries(run));
        Assert.Contains("maximum", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("not well-formed YAML", "kind: WagiClass", "kind: [WagiClass")]
    [InlineData("kind 'WagiClas' is not known in wagi.dev", "kind: WagiClass", "kind: WagiClas")]
    [InlineData("apiVersion 'wagi.dev/v2' is not known", "wagi.dev/v1alpha1", "wagi.dev/v2")]
    [InlineData("apiVersion 'wagi.dve/v1alpha1' is not known", "wagi.dev/v1alpha1", "wagi.dve/v1alpha1")]
    public async Task FileThatMayHoldTheClass_LetsNothingPass_WhileItCannotBeRead(string expected, string right, string wrong)
    {
        Write("class.yaml", PrefixClass.Replace(right, wrong, StringComparison.Ordinal));
        Write("a.yaml", Module("a", "/everything/...", "r.example/a"));

        var run = await RenderAsync();

        Assert.Equal(1, run.ExitCode);
        Assert.Empty(Entries(run));
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
        Assert.Contains("class.yaml: error: nothing is rendered: a WagiClass that cannot be read may be in this file", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FileThatMayNotBeOpened_LetsNothingPass()
    {
        // A link that leads to itself: not even root can open it.
        File.CreateSymbolicLink(_directory.PathOf("class.yaml"), "class.yaml");
        Write("a.yaml", Module("a", "/a", "r.example/a"));

        var run = await RenderAsync();

        Assert.Equal(1, run.ExitCode);
        Assert.Empty(Entries(run));
        Assert.Contains("class.yaml: error: nothing is rendered: a WagiClass that cannot be read may be in this file", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("spec:\n  limits: {timeout: {default: 3s, max: 1s}}\n", "class.yaml: error: nothing is rendered: WagiClass 'default' has rules that cannot be followed")]
    [InlineData("spec: [\n", "class.yaml: error: nothing is rendered: a WagiClass that cannot be read may be in this file")]
    [InlineData("spec: {}\n", "error: there is no WagiClass 'nope' among the manifests", "--class", "nope")]
    public async Task WithoutRules_TheOutputFileStaysAsItWas(string spec, string expected, params string[] arguments)
    {
        Write("class.yaml", $"apiVersion: wagi.dev/v1alpha1\nkind: WagiClass\nmetadata: {{name: default, annotations: {{wagi.dev/is-default-class: \"true\"}}}}\n{spec}");
        Write("a.yaml", Module("a", "/a", "r.example/a"));
        var output = _directory.PathOf("out/modules.toml");
        Directory.CreateDirectory(_directory.PathOf("out"));
        await File.WriteAllTextAsync(output, "# what is served\n", TestContext.Current.CancellationToken);

        var run = await RenderAsync(["--output", output, .. arguments]);

        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
        Assert.Equal("# what is served\n", await File.ReadAllTextAsync(output, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task BrokenFileThatNamesNoClass_LeavesTheOthersAlone()
    {
        Write("templates/deployment.yaml", "kind: Deployment\nspec: {{ .Values.spec }}\n  {{- end }}\n");
        Write("a.yaml", Module("a", "/a", "r.example/a"));

        var run = await RenderAsync();

        Assert.Equal(1, run.ExitCode);
        Assert.Equal(["default/a"], Entries(run).Select(entry => entry.Id));
        Assert.Contains("deployment.yaml:", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("nothing is rendered", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ClassThatIsNotThere_LetsNothingPass()
    {
        Write("class.yaml", PrefixClass);
        Write("a.yaml", Module("a", "/teams/a", "r.example/a") + "  className: sharde\n");

        var run = await RenderAsync("--class", "sharde");

        Assert.Equal(1, run.ExitCode);
        Assert.Empty(Entries(run));
        Assert.Contains("--class: error: there is no WagiClass 'sharde' among the manifests", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ClassThatCannotBeRead_LetsNothingPass()
    {
        Write("class.yaml", PrefixClass.Replace("max: 10s", "max: soon", StringComparison.Ordinal));
        Write("a.yaml", Module("a", "/teams/a", "r.example/a"));

        var run = await RenderAsync();

        Assert.Equal(1, run.ExitCode);
        Assert.Empty(Entries(run));
        Assert.Contains("class.yaml:8:22: error: spec.limits.timeout.max: ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutAnyClass_ItDoesNotMatterWhichOneIsNamed()
    {
        Write("a.yaml", Module("a", "/a", "r.example/a") + "  className: trusted\n");

        Assert.Equal(["default/a"], Entries(await RenderAsync()).Select(entry => entry.Id));
    }

    [Fact]
    public async Task MisspeltKind_IsReported_AndOtherGroupsArePassedOver()
    {
        Write("bad.yaml", "apiVersion: wagi.dev/v1alpha1\nkind: WagiModul\nmetadata: {name: a}\n---\napiVersion: apps/v1\nkind: Deploymen\n");

        var run = await RenderAsync();

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("bad.yaml:2:1: error: kind 'WagiModul' is not known in wagi.dev (write WagiModule or WagiClass)", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Deploymen", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("wagi.dev/v1", "{name: a}", "bad.yaml:1:1: error: apiVersion 'wagi.dev/v1' is not known (write wagi.dev/v1alpha1)")]
    [InlineData("wagi.dev/v1alpha1", "{}", "bad.yaml:3:1: error: metadata.name is missing")]
    [InlineData("wagi.dev/v1alpha1", "{name: A_b}", "bad.yaml:3:12: error: metadata.name 'A_b' is not a name of small letters, digits, '-' and '.'")]
    [InlineData("wagi.dev/v1alpha1", "{name: a, namespace: a.b}", "bad.yaml:3:21: error: metadata.namespace 'a.b' is not a name of small letters, digits and '-'")]
    public async Task ManifestOfAnotherVersionOrWithoutName_IsReported(string apiVersion, string metadata, string expected)
    {
        Write("bad.yaml", $"apiVersion: {apiVersion}\nkind: WagiModule\nmetadata: {metadata}\nspec: {{route: /a, module: r.example/a}}\n");

        var run = await RenderAsync();

        Assert.Equal(1, run.ExitCode);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TwoManifestsOfOneName_AreReported()
    {
        Write("a.yaml", Module("same", "/a", "r.example/a"));
        Write("b.yaml", Module("same", "/b", "r.example/a"));

        var run = await RenderAsync();

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("b.yaml:3:12: error: WagiModule default/same is already in a.yaml:3:12 (give it another name or namespace)", run.Error, StringComparison.Ordinal);
        Assert.Equal("/a", Assert.Single(Entries(run)).Route.ToString());
    }

    [Fact]
    public async Task RouteThatOthersWouldTakeForAPattern_IsPointedOut()
    {
        Write("a.yaml", Module("a", "/a/:id", "ghcr.io/samples/hello:v1"));

        var run = await RenderAsync();

        Assert.Equal(0, run.ExitCode);
        Assert.Contains(
            "warning: default/a: route '/a/:id' matches the segment ':id' and no other; end a route in '/...' for everything below it", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModuleDirectory_StandsForRegistries()
    {
        using var modules = new TempDirectory("modules");
        var path = modules.Write("hello.wat", "(module)");
        Write("a.yaml", Module("a", "/a", "ghcr.io/samples/hello:v1"));
        Write("b.yaml", Module("b", "/b", "ghcr.io/samples/other:v1"));

        var run = await RenderAsync("--module-dir", modules.FullPath);

        Assert.Equal([path, "oci://ghcr.io/samples/other:v1"], Entries(run).Select(entry => entry.Module.ToString()));
        Assert.EndsWith(
            $"warning: default/b is pulled from its registry, because {modules.FullPath} has no module of the name at the end of 'oci://ghcr.io/samples/other:v1'\n",
            run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("default/a is", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Secrets_GoIntoTheirFolder_ForTheOwnerAlone()
    {
        Write("all.yaml", """
            apiVersion: v1
            kind: Secret
            metadata: {name: api}
            data: {token: aGlkZGVuLTE=}
            stringData: {other: hidden-2}
            ---
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: settings}
            data: {greeting: Hello}
            ---
            apiVersion: wagi.dev/v1alpha1
            kind: WagiModule
            metadata: {name: hello}
            spec:
              route: /hello
              module: r.example/a
              env:
                - {name: TOKEN, valueFrom: {secretKeyRef: {name: api, key: token}}}
                - {name: OTHER, valueFrom: {secretKeyRef: {name: api, key: other}}}
                - {name: GREETING, valueFrom: {configMapKeyRef: {name: settings, key: greeting}}}
            """);
        using var secrets = new TempDirectory("secrets");

        var run = await RenderAsync("--secrets-dir", secrets.FullPath);

        Assert.Equal(0, run.ExitCode);
        var file = secrets.PathOf("default.hello.json");
        var written = ModuleSecrets.FromJson(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
        Assert.Equal(["hidden-2", "hidden-1"], written.Environment.Values);
        Assert.Equal(Assert.Single(Entries(run)).SecretsVersion, written.Version);
        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(file) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
        Assert.DoesNotContain("hidden", run.Output + run.Error, StringComparison.Ordinal);
        Assert.Contains("\"GREETING\" = \"Hello\"", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SecretsWithoutAFolder_AreWarnedAbout()
    {
        Write("all.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: api}\nstringData: {token: hidden}\n---\n" + Module("hello", "/hello", "r.example/a")
            + "  env: [{name: TOKEN, valueFrom: {secretKeyRef: {name: api, key: token}}}]\n");

        var run = await RenderAsync();

        Assert.EndsWith("warning: 1 of the modules have secret values, which no modules.toml holds; write them with --secrets-dir DIR and give that to wagi serve\n", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SecretThatIsNotBase64_IsReported_WithoutItsValue()
    {
        Write("secret.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: api}\ndata:\n  token: hidden!\n");

        var run = await RenderAsync();

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("secret.yaml:5:3: error: data.token: not base64 (write plain text under stringData instead)", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OutputFile_IsWrittenOnlyWhenItChanges()
    {
        Write("hello.yaml", Module("hello", "/hello", "r.example/a"));
        using var output = new TempDirectory("output");
        var file = output.PathOf("deep/modules.toml");
        await RenderAsync("--output", file);
        File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch);

        var run = await RenderAsync("--output", file);

        Assert.Equal("", run.Output);
        Assert.Equal(DateTime.UnixEpoch, File.GetLastWriteTimeUtc(file));
        Assert.Equal([file], Directory.GetFiles(Path.GetDirectoryName(file)!));
    }

    [Fact]
    public async Task FolderThatDoesNotExist_IsSaid()
    {
        var run = await RunAsync("render", "does-not-exist");

        Assert.Equal(2, run.ExitCode);
        Assert.Equal("wagi-operator: does-not-exist does not exist\n", run.Error);
    }

    [Fact]
    public async Task Resolve_AsksTheRegistry()
    {
        ClusterFixture.SkipWithoutRegistry();
        await using var registry = await RegistryServer.StartAsync(cancellationToken: TestContext.Current.CancellationToken);
        var digest = await PushAsync($"{registry.Address}/hello:v1");
        Write("a.yaml", Module("a", "/a", $"{registry.Address}/hello:v1"));
        Write("b.yaml", Module("b", "/b", $"{registry.Address}/hello:v2"));

        var run = await RenderAsync("--resolve");

        Assert.Equal(1, run.ExitCode);
        Assert.Equal($"oci://{registry.Address}/hello@{digest}", Assert.Single(Entries(run)).Module.ToString());
        Assert.Contains("default/b  /b     refused   NotFound", run.Error, StringComparison.Ordinal);
        Assert.Contains("b.yaml:6:3: error: ", run.Error, StringComparison.Ordinal);
    }

    private async Task<string> PushAsync(string reference)
    {
        using var client = new RegistryClient(new RegistryClientOptions());
        await File.WriteAllBytesAsync(_directory.PathOf("empty.wasm"), [.. "\0asm"u8, 1, 0, 0, 0], TestContext.Current.CancellationToken);
        var published = await new ModulePublisher(client).PublishAsync(
            _directory.PathOf("empty.wasm"), Reference.Parse(reference), cancellationToken: TestContext.Current.CancellationToken);
        return published.Manifest.Digest.ToString();
    }

    private void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_directory.PathOf(name))!);
        _directory.Write(name, text);
    }

    private static string Module(string name, string route, string module) =>
        $"apiVersion: wagi.dev/v1alpha1\nkind: WagiModule\nmetadata: {{name: {name}}}\nspec:\n  route: {route}\n  module: {module}\n";

    private static string Revision(Run run, int index) => Entries(run)[index].Revision!;

    private static ImmutableArray<ModuleEntry> Entries(Run run) => ModulesTomlReader.Read(run.Output, "modules.toml").Entries;

    /// <summary>Renders the folder; file names in messages are relative to it.</summary>
    private async Task<Run> RenderAsync(params string[] options)
    {
        var run = await RunAsync(["render", _directory.FullPath, .. options]);
        return run with { Error = run.Error.Replace(_directory.FullPath + Path.DirectorySeparatorChar, "", StringComparison.Ordinal) };
    }

    private static async Task<Run> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await RootCommandFactory.Create().Parse(arguments).InvokeAsync(
            new InvocationConfiguration { Output = output, Error = error }, TestContext.Current.CancellationToken);
        return new Run(code, output.ToString(), error.ToString());
    }

    private sealed record Run(int ExitCode, string Output, string Error);
}
