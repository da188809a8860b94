using System.Text.Json.Nodes;
using Wagi.Kubernetes.ApiServer;
using Wagi.Kubernetes.Resources;
using Wagi.Operator.Tests.Cluster;
using Wagi.Operator.Tests.Runtimes;
using Wagi.TestCluster;
using Wagi.TestCluster.Registry;

namespace Wagi.Operator.Tests.Instance;

/// <summary>WagiClasses on a real API server.</summary>
public sealed class ClassesTests(ClusterFixture cluster)
{
    private const string Module = "127.0.0.1:5000/samples/hello@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    /// <summary>As two releases of the chart do.</summary>
    [Fact]
    public async Task TwoClasses_ServeTheirOwnModules_AndLeaveTheOthersAlone()
    {
        await using var shared = await StartAsync("""{ "routes": { "mode": "Prefix" } }""");
        await using var trusted = await shared.BesideAsync(WithClass(shared.Options with { Namespace = shared.System + "-2" }, $"trusted-{shared.Tenant}", "{}"), shared.System + "-2");

        await shared.ApplyModuleAsync("prefixed", Spec(shared, $"/{shared.Tenant}/hello"));
        await shared.ApplyModuleAsync("outside", Spec(shared, "/hello"));
        await shared.ApplyModuleAsync("free", Spec(trusted, "/hello"));

        await shared.ConditionBecomesAsync("prefixed", "Programmed", "True/");
        var refused = await shared.ConditionBecomesAsync("outside", "Accepted", "False/NotAllowedByClass");
        await shared.ConditionBecomesAsync("free", "Programmed", "True/");
        Assert.Contains($"(rule spec.routes of WagiClass '{shared.Options.Class}'; those who may write WagiClasses or Namespaces can change it)", refused, StringComparison.Ordinal);
        Assert.Equal([$"{shared.Tenant}/prefixed"], Ids(await shared.TomlAsync()));
        Assert.Equal([$"{shared.Tenant}/free"], Ids(await trusted.TomlAsync()));

        // The trusted operator is gone; its module's status is nobody else's.
        await trusted.StopAsync();
        await shared.ApplyModuleAsync("free", Spec(trusted, "/other"));
        await shared.ApplyModuleAsync("last", Spec(shared, $"/{shared.Tenant}/last"));
        await shared.ConditionBecomesAsync("last", "Programmed", "True/");
        var free = await shared.ModuleAsync("free");
        Assert.Equal((2, 1), ((int)free!["metadata"]!["generation"]!, (int)free["status"]!["observedGeneration"]!));
    }

    [Fact]
    public async Task ClassThatIsDeletedByHand_ComesBack_AndNothingIsLost()
    {
        await using var test = await StartAsync("{}");
        await test.ApplyModuleAsync("hello", Spec(test, "/hello"));
        await test.ConditionBecomesAsync("hello", "Programmed", "True/");
        var first = await UidAsync(test);

        await test.KubectlAsync("delete", "wagiclass", test.Options.Class!);
        await Eventually.Becomes(token => UidAsync(test, token), uid => uid is not null && uid != first, waitingFor: "the class to come back");

        await test.ApplyModuleAsync("next", Spec(test, "/next"));
        await test.ConditionBecomesAsync("next", "Programmed", "True/");
        Assert.Equal([$"{test.Tenant}/hello", $"{test.Tenant}/next"], Ids(await test.TomlAsync()));
    }

    [Fact]
    public async Task RulesThatCannotBeRead_LeaveThoseBefore()
    {
        await using var test = await StartAsync("""{ "allowedHosts": [] }""");
        await test.ClassConditionBecomesAsync(test.Options.Class!, "True/Accepted: the rules are in force");

        await test.KubectlAsync("patch", "wagiclass", test.Options.Class!, "--type=merge", "-p", """{ "spec": { "allowedHosts": ["everything"] } }""");
        var problem = await test.ClassConditionBecomesAsync(test.Options.Class!, "False/InvalidSpec: spec.allowedHosts[0]: 'everything' is not SCHEME://HOST[:PORT]");
        Assert.EndsWith("the rules before this change are in force, if there were any", problem, StringComparison.Ordinal);

        await test.ApplyModuleAsync("hello", Spec(test, "/hello", "allowedHosts: [https://api.example.com]"));
        await test.ConditionBecomesAsync("hello", "Accepted", "False/NotAllowedByClass: spec.allowedHosts: ");

        await test.KubectlAsync("patch", "wagiclass", test.Options.Class!, "--type=merge", "-p", """{ "spec": { "allowedHosts": ["https://api.example.com"] } }""");
        await test.ConditionBecomesAsync("hello", "Programmed", "True/");
    }

    [Fact]
    public async Task OperatorWithoutItsClass_IsNotReady_AndWritesNothing()
    {
        await using var test = await TestOperator.CreateAsync(await cluster.ControlPlaneAsync());
        test.Options = test.Options with { Class = $"missing-{test.Tenant}" };
        await test.StartAgainAsync();
        await test.ApplyModuleAsync("hello", Spec(test, "/hello"));

        await Eventually.Becomes(
            token => test.HttpAsync("/healthz/ready", token), answer => answer == $"WagiClass '{test.Options.Class}' does not exist\n", waitingFor: "the operator to say what is missing");
        Assert.Null(await test.TomlAsync());

        await test.ApplyAsync(TestClasses.Manifest(test.Options.Class!, test.System, "{}").ToJsonString());
        await test.ConditionBecomesAsync("hello", "Programmed", "True/");
        await Eventually.Becomes(token => test.HttpAsync("/healthz/ready", token), answer => answer == "ok\n");
    }

    [Fact]
    public async Task LabelOfANamespace_DecidesAtOnce()
    {
        await using var test = await StartAsync("""{ "namespaces": { "matchLabels": { "team": "shop" } } }""");
        await test.ApplyModuleAsync("hello", Spec(test, "/hello"));
        await test.ConditionBecomesAsync("hello", "Accepted", "False/NotAllowedByClass: metadata.namespace: ");

        await test.KubectlAsync("label", "namespace", test.Tenant, "team=shop");
        await test.ConditionBecomesAsync("hello", "Programmed", "True/");

        await test.KubectlAsync("label", "namespace", test.Tenant, "team-");
        await test.ConditionBecomesAsync("hello", "Accepted", "False/NotAllowedByClass: metadata.namespace: ");
        Assert.Empty(Ids(await test.TomlAsync()));
    }

    /// <summary>With the real cosign: the tag moves from a signed version to one that nobody signed.</summary>
    [Fact]
    public async Task ClassThatAsksForSignatures_LetsSignedModulesPass_AndKeepsTheLastOneThatWas()
    {
        Assert.SkipWhen(TestTools.WhyMissing(Cosign.Programs) is not null, TestTools.WhyMissing(Cosign.Programs) ?? "");
        var registry = await cluster.RegistryAsync();
        using var folder = new TempDirectory("class-keys");
        var cosign = new Cosign("cosign3");
        var key = await cosign.GenerateKeyAsync(folder.PathOf("key"), TestContext.Current.CancellationToken);
        await using var test = await StartAsync(new JsonObject
        {
            ["signatures"] = new JsonArray(new JsonObject
            {
                ["registries"] = new JsonArray(registry.Address),
                ["keys"] = new JsonArray(new JsonObject { ["pem"] = key.PublicKeyPem }),
            }),
        }.ToJsonString());
        var repository = $"{registry.Address}/{test.Tenant}/hello";
        var signed = await TestModules.PushAsync($"{repository}:v1", "signed");
        await test.ApplyModuleAsync("hello", $$"""{ className: "{{test.Options.Class}}", route: "/hello", module: "{{repository}}:v1" }""");
        await test.ConditionBecomesAsync("hello", "Resolved", "False/SignatureInvalid");
        Assert.Empty(Ids(await test.TomlAsync()));

        await cosign.SignAsync(key, $"{repository}@{signed}", cancellationToken: TestContext.Current.CancellationToken);
        await test.ConditionBecomesAsync("hello", "Programmed", "True/Programmed", TimeSpan.FromMinutes(1));
        var toml = await test.TomlAsync();
        Assert.Contains($"signature_keys = [\"{key.PublicKey}\"]", toml, StringComparison.Ordinal);
        Assert.Contains("requires = [\"signature\"]", toml, StringComparison.Ordinal);

        var other = await TestModules.PushAsync($"{repository}:v2", "nobody signed this");
        await test.ApplyModuleAsync("hello", $$"""{ className: "{{test.Options.Class}}", route: "/hello", module: "{{repository}}@{{other}}" }""");
        await test.ConditionBecomesAsync("hello", "Resolved", "False/SignatureInvalid");
        Assert.Equal(toml, await test.TomlAsync());
    }

    /// <summary>The pod of another pool neither answers nor is told of anything.</summary>
    [Fact]
    public async Task PodsWithoutTheLabelsOfTheClass_DoNotCount_AndAreNotAnnotated()
    {
        await using var test = await TestOperator.CreateAsync(await cluster.ControlPlaneAsync());
        await using var runtime = await FakeRuntime.StartAsync(test.TomlAsync);
        test.Options = WithClass(
            test.Options with { RuntimeAdminPort = runtime.Url.Port }, $"class-{test.Tenant}", """{ "runtimes": { "matchLabels": { "pool": "trusted" } } }""");
        await test.CreateRuntimePodAsync("own", Running("127.0.0.1"), ", \"pool\": \"trusted\"");
        await test.CreateRuntimePodAsync("other", Running("127.0.0.99"), ", \"pool\": \"shared\"");
        await test.StartAgainAsync();

        await test.ApplyModuleAsync("hello", Spec(test, "/hello"));
        await test.ConditionBecomesAsync("hello", "Ready", "True/Ready");
        var first = await Eventually.Becomes(_ => MarkAsync("own"), mark => mark is not null);
        // By the second round of marks, the first is over.
        await test.ApplyModuleAsync("next", Spec(test, "/next"));
        await test.ConditionBecomesAsync("next", "Ready", "True/Ready");
        await Eventually.Becomes(_ => MarkAsync("own"), mark => mark != first);

        Assert.Equal("all", (string?)(await test.ModuleAsync("hello"))!["status"]!["runtimes"]!["summary"]);
        Assert.Null(await MarkAsync("other"));

        async Task<string?> MarkAsync(string pod) =>
            (string?)(await test.FindAsync(ApiResource.Pods, new ObjectKey(test.System, pod)))!["metadata"]!["annotations"]?["wagi.dev/modules-digest"];

        static string Running(string address) =>
            $$"""{ "phase": "Running", "podIP": "{{address}}", "conditions": [{ "type": "Ready", "status": "True" }] }""";
    }

    [Fact]
    public async Task SuspendedModule_StaysAsItIs()
    {
        await using var test = await StartAsync("{}");
        await test.ApplyModuleAsync("hello", Spec(test, "/hello"));
        await test.ConditionBecomesAsync("hello", "Programmed", "True/Programmed");

        await test.ApplyModuleAsync("hello", Spec(test, "/other", "suspend: true"));

        await test.ConditionBecomesAsync("hello", "Programmed", "True/Suspended");
        Assert.Contains("route = \"/hello\"", await test.TomlAsync(), StringComparison.Ordinal);
    }

    private async Task<TestOperator> StartAsync(string rules)
    {
        var test = await TestOperator.CreateAsync(await cluster.ControlPlaneAsync());
        test.Options = WithClass(test.Options, $"class-{test.Tenant}", rules);
        await test.StartAgainAsync();
        return test;
    }

    private static Operator.Instance.OperatorOptions WithClass(Operator.Instance.OperatorOptions options, string name, string rules) =>
        options with { Class = name, ClassManifest = TestClasses.Manifest(name, options.Namespace, rules) };

    private static string Spec(TestOperator test, string route, string more = "") =>
        $$"""{ className: "{{test.Options.Class}}", route: "{{route}}", module: "{{Module}}"{{(more.Length > 0 ? ", " : "")}}{{more}} }""";

    private static async Task<string?> UidAsync(TestOperator test, CancellationToken cancellationToken = default) =>
        (string?)(await test.FindAsync(WagiClasses.Resource, WagiClasses.KeyOf(test.Options.Class!), cancellationToken))?["metadata"]!["uid"];

    private static string[] Ids(string? toml) =>
        [.. Modules.Configuration.ModulesTomlReader.Read(toml ?? "", "modules.toml").Entries.Select(entry => entry.Id)];
}
