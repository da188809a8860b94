using System.Text.Json.Nodes;
using Wagi.Kubernetes.Resources;
using Wagi.Operator.Crds;
using Wagi.Operator.Tests.Cluster;
using Wagi.Operator.Tests.Planning;
using Wagi.Operator.Tests.Resources;
using Wagi.TestCluster;
using Wagi.TestCluster.Kubernetes;
using Wagi.TestCluster.Processes;

namespace Wagi.Operator.Tests.Crds;

/// <summary>The CRD before a real API server: what it takes, what it refuses, what it shows.</summary>
public sealed class ApiServerValidationTests(ClusterFixture cluster)
{
    private const string Complete = """
        apiVersion: wagi.dev/v1alpha1
        kind: WagiModule
        metadata: {name: complete}
        spec:
          route: /hello/...
          hosts: [shop.example.com, "*.example.org"]
          module: oci://ghcr.io/example/hello:v1
          imagePullSecrets: [{name: registry}]
          allowedHosts: ["https://api.example.com", "http://backend.default:8080", "insecure:allow-all"]
          entrypoint: run
          argv: "hello ${ARGS}"
          env:
            - {name: GREETING, value: Hello}
            - {name: TOKEN, valueFrom: {secretKeyRef: {name: api, key: token, optional: true}}}
            - {name: COLOUR, valueFrom: {configMapKeyRef: {name: settings, key: colour}}}
          timeout: 1m30s
          memoryLimit: 64Mi
          maxConcurrency: 10
          httpMaxConcurrency: 3
          preinitialize: with-random
          passAuthorization: true
          compress: true
          rateLimit: 100/s
        """;

    [Theory]
    [MemberData(nameof(BadSpecs.All), MemberType = typeof(BadSpecs))]
    public async Task BadSpec_IsRefused(BadSpec bad)
    {
        var api = await cluster.ControlPlaneAsync();
        Assert.SkipWhen(
            bad.NeedsCel && !api.SupportsCel,
            $"Kubernetes {api.ServerVersion} knows no CEL rules; the operator's own check refuses this (SpecReaderTests)");

        var result = await CreateAsync(api, bad.Manifest);

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(bad.Field.Split('[', '.')[0] + FirstField(bad.Field), result.Stderr, StringComparison.Ordinal);
        if (!api.SupportsCel)
        {
            return;
        }

        if (bad.Message is not null)
        {
            Assert.Contains(bad.Message, result.Stderr, StringComparison.Ordinal);
        }

        // What CEL says of a rule that it could not evaluate.
        Assert.DoesNotContain("evaluating rule", result.Stderr, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(GoodSpecs.All), MemberType = typeof(GoodSpecs))]
    public async Task GoodSpec_IsTaken(string spec)
    {
        var api = await cluster.ControlPlaneAsync();

        (await CreateAsync(api, GoodSpecs.Manifest(spec))).EnsureSuccess();
    }

    [Fact]
    public async Task SpecThatUsesEverything_IsTaken()
    {
        var api = await cluster.ControlPlaneAsync();

        (await CreateAsync(api, Complete)).EnsureSuccess();
        (await CreateAsync(api, """
            apiVersion: wagi.dev/v1alpha1
            kind: WagiModule
            metadata: {name: bindle}
            spec: {route: /, module: "bindle:example.com/hello/1.0.0", bindleServer: "https://bindle.example.com/v1", memoryLimit: "65536"}
            """)).EnsureSuccess();
    }

    [Fact]
    public async Task UnknownField_IsRefusedOrPruned()
    {
        var api = await cluster.ControlPlaneAsync();

        var result = await api.KubectlAsync(
            ["create", "--dry-run=server", "--validate=false", "-o", "yaml", "-f", "-"], Complete.Replace("entrypoint:", "entryPoint:", StringComparison.Ordinal));

        Assert.DoesNotContain("entryPoint", result.Stdout, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("spec")]
    [InlineData("spec.imagePullSecrets")]
    [InlineData("spec.env")]
    [InlineData("spec.env.valueFrom")]
    [InlineData("spec.env.valueFrom.secretKeyRef")]
    [InlineData("status")]
    [InlineData("status.conditions")]
    [InlineData("status.runtimes")]
    public async Task Explain_TellsWhatEveryFieldIsFor_WithAnExample(string path)
    {
        var api = await cluster.ControlPlaneAsync();

        // What a server offers is published a moment after the CRD is established.
        var result = await Eventually.Becomes(
            _ => api.KubectlAsync("explain", $"wagimodule.{path}"), result => result.ExitCode == 0, cancellationToken: TestContext.Current.CancellationToken);

        // kubectl breaks lines where it likes, within a value as well.
        var text = WithoutSpace(result.Stdout);
        Assert.All(Fields(path), field =>
        {
            Assert.Contains($"{field.Key}<", text, StringComparison.Ordinal);
            Assert.Contains(WithoutSpace((string)field.Value!["description"]!), text, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task Get_ShowsTheColumns_AndMoreWhenWide()
    {
        var api = await cluster.ControlPlaneAsync();
        await api.KubectlAsync("create", "namespace", "columns");
        await api.ApplyAsync("""
            apiVersion: wagi.dev/v1alpha1
            kind: WagiModule
            metadata: {name: hello, namespace: columns}
            spec: {route: /hello, module: "ghcr.io/example/hello:v1"}
            """, TestContext.Current.CancellationToken);

        var narrow = (await api.KubectlAsync("get", "wm", "-n", "columns")).EnsureSuccess().Stdout;
        var wide = (await api.KubectlAsync("get", "wagimodules", "-n", "columns", "-o", "wide")).EnsureSuccess().Stdout;

        Assert.Equal(["NAME", "ROUTE", "MODULE", "READY", "RUNTIMES", "AGE"], Words(narrow.Split('\n')[0]));
        Assert.Equal(["NAME", "ROUTE", "MODULE", "READY", "RUNTIMES", "AGE", "REASON", "URL"], Words(wide.Split('\n')[0]));
        Assert.StartsWith("hello   /hello   ghcr.io/example/hello:v1", narrow.Split('\n')[1], StringComparison.Ordinal);
    }

    private static Task<CommandResult> CreateAsync(ControlPlane api, string manifest) =>
        api.KubectlAsync(["create", "--dry-run=server", "--validate=false", "-f", "-"], manifest, cancellationToken: TestContext.Current.CancellationToken);

    /// <summary><c>.route</c> of <c>spec.route</c>, <c>.env</c> of <c>spec.env[0].name</c>: how servers of all versions begin a path.</summary>
    private static string FirstField(string field) =>
        field.Split('.') is [_, var first, ..] ? "." + first.Split('[')[0] : "";

    /// <summary>The fields of an object, or of the items of an array.</summary>
    private static JsonObject Fields(string path) => path.Split('.')
        .Aggregate(CrdGenerator.Schema(), (schema, name) => schema["properties"]![name]!.AsObject() is var inner && inner["items"] is JsonObject items ? items : inner)
        ["properties"]!.AsObject();

    private static string WithoutSpace(string text) => string.Concat(text.Where(character => !char.IsWhiteSpace(character)));

    private static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
