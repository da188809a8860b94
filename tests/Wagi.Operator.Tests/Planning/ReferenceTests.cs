using System.Text;
using Wagi.Kubernetes.Resources;
using Wagi.Modules.Secrets;
using Wagi.Operator.Planning;

namespace Wagi.Operator.Tests.Planning;

/// <summary>Values from Secrets and ConfigMaps, and pull credentials.</summary>
public sealed class ReferenceTests
{
    private const string DockerConfigJson = """{"auths":{"registry.example":{"auth":"dXNlcjpwYXNzd29yZA=="}}}""";

    [Fact]
    public void SecretValue_GoesIntoTheSecret_AndNowhereElse()
    {
        var plan = new Scenario().Secret("api", new() { ["token"] = "s3cr3t-value" }).With(WithEnv(FromSecret("TOKEN", "api", "token"))).Plan();

        var secrets = ModuleSecrets.FromJson(plan.SecretData["default.hello.json"]);
        Assert.Equal("s3cr3t-value", secrets.Environment["TOKEN"]);
        Assert.Equal(plan.Verdict("hello").Entry!.SecretsVersion, secrets.Version);
        Assert.DoesNotContain("s3cr3t", plan.Toml, StringComparison.Ordinal);
        Assert.Contains($"secrets_version = \"{secrets.Version}\"", plan.Toml, StringComparison.Ordinal);
    }

    [Fact]
    public void ConfigMapValue_GoesIntoTheFile()
    {
        var plan = new Scenario().ConfigMap("settings", new() { ["greeting"] = "Hello" }).With(WithEnv(FromConfigMap("GREETING", "settings", "greeting"))).Plan();

        Assert.Contains("""environment = { "GREETING" = "Hello" }""", plan.Toml, StringComparison.Ordinal);
        Assert.Empty(plan.SecretData);
    }

    [Fact]
    public void AnnotatedSecret_ChangesNothing_AndAChangedValueDoes()
    {
        var scenario = new Scenario().Secret("api", new() { ["token"] = "one" }, version: "1").With(WithEnv(FromSecret("TOKEN", "api", "token")));
        var before = scenario.Plan();

        var annotated = scenario.Secret("api", new() { ["token"] = "one" }, version: "2").Plan();
        Assert.Equal(before.Toml, annotated.Toml);
        Assert.Equal(before.SecretData["default.hello.json"], annotated.SecretData["default.hello.json"]);

        var changed = scenario.Secret("api", new() { ["token"] = "two" }, version: "3").Plan();
        Assert.NotEqual(before.Toml, changed.Toml);

        // Back to the first value is a change too, and no version comes twice.
        var back = scenario.Secret("api", new() { ["token"] = "one" }, version: "4").Plan();
        Assert.NotEqual(before.Verdict("hello").Entry!.SecretsVersion, back.Verdict("hello").Entry!.SecretsVersion);
    }

    [Fact]
    public void SecretsVersion_FollowsTheSecret_NotItsValues()
    {
        var first = Version(new Scenario().Secret("api", new() { ["token"] = "one" }, version: "1"));

        Assert.Equal(first, Version(new Scenario().Secret("api", new() { ["token"] = "two" }, version: "1")));
        Assert.NotEqual(first, Version(new Scenario().Secret("api", new() { ["token"] = "one" }, version: "2")));

        static string? Version(Scenario scenario) => scenario.With(WithEnv(FromSecret("TOKEN", "api", "token"))).Plan().Verdict("hello").Entry!.SecretsVersion;
    }

    [Fact]
    public void ChangedSecret_ChangesTheRevision()
    {
        var scenario = new Scenario().Secret("api", new() { ["token"] = "one" }, version: "1").With(WithEnv(FromSecret("TOKEN", "api", "token")));
        var before = scenario.Plan().Verdict("hello").Entry!.Revision;

        var after = scenario.Secret("api", new() { ["token"] = "two" }, version: "2").Plan().Verdict("hello").Entry!.Revision;

        Assert.NotEqual(before, after);
    }

    [Fact]
    public void Plan_NamesWhatItNeeds_InTheModulesOwnNamespaceOnly()
    {
        var plan = new Scenario()
            .Secret("api", new() { ["token"] = "of another namespace" }, ns: "other")
            .With(Scenario.Module("hello", new WagiModuleSpec
            {
                Route = "/hello",
                Module = Pinned,
                ImagePullSecrets = [new() { Name = "pull" }],
                Env = [FromSecret("A", "api", "token"), FromConfigMap("B", "settings", "x")],
            }, ns: "team"))
            .Plan();

        Assert.Equal(["team/api", "team/pull"], plan.Secrets.Select(key => key.ToString()));
        Assert.Equal(["team/settings"], plan.ConfigMaps.Select(key => key.ToString()));
        Assert.Equal(
            "reading Secret team/api, ConfigMap team/settings, Secret team/pull",
            plan.Verdict("hello", "team").Expect(ConditionType.Resolved, "Unknown", ConditionReason.Resolving));
    }

    [Fact]
    public void MissingSecret_IsNamed()
    {
        var verdict = new Scenario().NoSecret("api").With(WithEnv(FromSecret("TOKEN", "api", "token"))).Plan().Verdict("hello");

        Assert.Equal("Secret default/api does not exist (env TOKEN)", verdict.Expect(ConditionType.Resolved, "False", ConditionReason.SecretNotFound));
        verdict.Expect(ConditionType.Ready, "False", ConditionReason.SecretNotFound);
        Assert.Null(verdict.Condition(ConditionType.Stalled));
        Assert.Equal((PlanEvent.Warning, ConditionReason.SecretNotFound), (Assert.Single(verdict.Events).Type, verdict.Events[0].Reason));
    }

    [Fact]
    public void MissingKey_IsNamed()
    {
        var verdict = new Scenario().Secret("api", new() { ["other"] = "x" }).With(WithEnv(FromSecret("TOKEN", "api", "token"))).Plan().Verdict("hello");

        Assert.Equal("Secret default/api has no key 'token' (env TOKEN)", verdict.Expect(ConditionType.Resolved, "False", ConditionReason.SecretKeyNotFound));
    }

    [Fact]
    public void MissingConfigMapAndKey_AreNamed()
    {
        var module = WithEnv(FromConfigMap("A", "settings", "a"));

        Assert.Equal(
            "ConfigMap default/settings does not exist (env A)",
            new Scenario().NoConfigMap("settings").With(module).Plan().Verdict("hello").Expect(ConditionType.Resolved, "False", ConditionReason.ConfigMapNotFound));
        Assert.Equal(
            "ConfigMap default/settings has no key 'a' (env A)",
            new Scenario().ConfigMap("settings", []).With(module).Plan().Verdict("hello").Expect(ConditionType.Resolved, "False", ConditionReason.ConfigMapKeyNotFound));
    }

    [Fact]
    public void ValueThatNoEnvironmentCanHold_IsRefused_WithoutShowingIt()
    {
        var secret = new Scenario().Secret("api", new() { ["token"] = "hidden\0value" }).With(WithEnv(FromSecret("TOKEN", "api", "token"))).Plan().Verdict("hello");
        Assert.Equal(
            "key 'token' of Secret default/api (env TOKEN) is not UTF-8 text without NUL",
            secret.Expect(ConditionType.Resolved, "False", ConditionReason.SecretUnusable));
        secret.Expect(ConditionType.Stalled, "True", ConditionReason.SecretUnusable);

        var configMap = new Scenario().ConfigMap("settings", new() { ["a"] = "x\0" }).With(WithEnv(FromConfigMap("A", "settings", "a"))).Plan().Verdict("hello");
        configMap.Expect(ConditionType.Stalled, "True", ConditionReason.ConfigMapUnusable);
    }

    [Fact]
    public void OptionalReferences_AreLeftOut()
    {
        var plan = new Scenario().NoSecret("api").Secret("half", []).NoConfigMap("settings").ConfigMap("empty", []).With(WithEnv(
            FromSecret("A", "api", "a", optional: true),
            FromSecret("B", "half", "b", optional: true),
            FromConfigMap("C", "settings", "c", optional: true),
            FromConfigMap("D", "empty", "d", optional: true))).Plan();

        plan.Verdict("hello").Expect(ConditionType.Programmed, "True", ConditionReason.Programmed);
        Assert.Empty(plan.Verdict("hello").Entry!.Environment);
        Assert.Empty(plan.SecretData);
    }

    [Fact]
    public void DeletedSecret_KeepsTheLastGoodVersion_WithItsValues()
    {
        var scenario = new Scenario().Secret("api", new() { ["token"] = "one" }).With(WithEnv(FromSecret("TOKEN", "api", "token")));
        var before = scenario.Plan();

        var after = scenario.NoSecret("api").Plan();

        Assert.Equal(before.Toml, after.Toml);
        Assert.Equal(before.SecretData["default.hello.json"], after.SecretData["default.hello.json"]);
        Assert.Equal("the last good version goes on being served", after.Verdict("hello").Expect(ConditionType.Programmed, "False", ConditionReason.NotResolved));
    }

    [Theory]
    [InlineData("kubernetes.io/dockerconfigjson", ".dockerconfigjson", DockerConfigJson)]
    [InlineData("kubernetes.io/dockercfg", ".dockercfg", """{"registry.example":{"auth":"dXNlcjpwYXNzd29yZA=="}}""")]
    public void PullSecret_ReachesTheRuntime_AndTheRequestNamesIt(string type, string key, string json)
    {
        var scenario = new Scenario().Secret("pull", new() { [key] = json }, type).With(WithPullSecret("registry.example/hello:v1"));
        scenario.Tag("registry.example/hello:v1", Scenario.Digest1);

        var plan = scenario.Plan();

        Assert.Equal([json], ModuleSecrets.FromJson(plan.SecretData["default.hello.json"]).DockerConfigs);
        var request = Assert.Single(plan.Resolutions);
        Assert.Equal(["pull"], request.PullSecrets);
        Assert.DoesNotContain("dXNlcjpwYXNzd29yZA", plan.Toml, StringComparison.Ordinal);
    }

    [Fact]
    public void CorrectedPullSecret_IsANewRequest()
    {
        var scenario = new Scenario().With(WithPullSecret("registry.example/hello:v1"));

        var before = Assert.Single(scenario.Secret("pull", new() { [".dockerconfigjson"] = DockerConfigJson }, "kubernetes.io/dockerconfigjson", version: "1").Plan().Resolutions);
        var after = Assert.Single(scenario.Secret("pull", new() { [".dockerconfigjson"] = DockerConfigJson }, "kubernetes.io/dockerconfigjson", version: "2").Plan().Resolutions);

        Assert.NotEqual(before, after);
    }

    [Fact]
    public void RotatedPullSecret_ReachesTheRuntimes_AndReloadsNothing()
    {
        var scenario = new Scenario()
            .Secret("api", new() { ["token"] = "one" }, version: "1")
            .Secret("pull", new() { [".dockerconfigjson"] = DockerConfigJson }, "kubernetes.io/dockerconfigjson", version: "1")
            .With(Scenario.Module("hello", new WagiModuleSpec
            {
                Route = "/hello",
                Module = Pinned,
                ImagePullSecrets = [new() { Name = "pull" }],
                Env = [FromSecret("TOKEN", "api", "token")],
            }));
        var before = scenario.Plan();
        scenario.Secret("api", new() { ["token"] = "one" }, version: "annotated").Plan();

        var rotated = DockerConfigJson.Replace("dXNlcjpwYXNzd29yZA==", "dXNlcjpvdGhlcg==", StringComparison.Ordinal);
        var after = scenario.Secret("pull", new() { [".dockerconfigjson"] = rotated }, "kubernetes.io/dockerconfigjson", version: "2").Plan();

        Assert.Equal(before.Toml, after.Toml);
        var secrets = ModuleSecrets.FromJson(after.SecretData["default.hello.json"]);
        Assert.Equal([rotated], secrets.DockerConfigs);
        Assert.Equal(after.Verdict("hello").Entry!.SecretsVersion, secrets.Version);

        // A changed value is one that the guest sees.
        Assert.NotEqual(before.Toml, scenario.Secret("api", new() { ["token"] = "two" }, version: "3").Plan().Toml);
    }

    [Fact]
    public void FirstPullSecret_IsWaitedFor()
    {
        var without = Scenario.Module("hello", new WagiModuleSpec { Route = "/hello", Module = Pinned });
        var scenario = new Scenario().Secret("pull", new() { [".dockerconfigjson"] = DockerConfigJson }, "kubernetes.io/dockerconfigjson").With(without);
        Assert.Null(scenario.Plan().Verdict("hello").Entry!.SecretsVersion);

        Assert.NotNull(scenario.With(WithPullSecret(Pinned)).Plan().Verdict("hello").Entry!.SecretsVersion);
    }

    [Theory]
    [InlineData("Opaque", "x", "{}", "has type 'Opaque'; imagePullSecrets takes kubernetes.io/dockercfg and kubernetes.io/dockerconfigjson (kubectl create secret docker-registry)")]
    [InlineData("kubernetes.io/dockerconfigjson", "x", "{}", "does not hold the key '.dockerconfigjson'")]
    [InlineData("kubernetes.io/dockerconfigjson", ".dockerconfigjson", "hidden", "holds no JSON object under '.dockerconfigjson'")]
    public void PullSecretThatCannotBeUsed_IsExplained(string type, string key, string value, string problem)
    {
        var verdict = new Scenario().Secret("pull", new() { [key] = value }, type).With(WithPullSecret(Pinned)).Plan().Verdict("hello");

        Assert.Equal($"Secret default/pull (imagePullSecrets) {problem}", verdict.Expect(ConditionType.Resolved, "False", ConditionReason.SecretUnusable));
    }

    [Fact]
    public void LocalModule_NeedsNoCredentials()
    {
        var scenario = new Scenario().With(WithPullSecret("registry.example/samples/hello:v1"));
        scenario.LocalModules["hello"] = "/modules/hello.wat";

        var plan = scenario.Plan();

        Assert.Empty(plan.Resolutions);
        Assert.Contains("module = \"/modules/hello.wat\"", plan.Toml, StringComparison.Ordinal);
        Assert.Equal("registry.example/samples/hello:v1 is served from /modules/hello.wat", plan.Verdict("hello").Condition(ConditionType.Resolved)!.Message);
    }

    [Fact]
    public void SecretContent_NeverPrintsItsValues()
    {
        var secret = new SecretContent("uid", "1", "Opaque", System.Collections.Immutable.ImmutableDictionary<string, byte[]>.Empty.Add("k", Encoding.UTF8.GetBytes("hidden")));

        Assert.Equal("Secret of type Opaque with 1 keys", secret.ToString());
    }

    private static string Pinned => $"registry.example/hello@{Scenario.Digest1}";

    private static WagiModule WithEnv(params EnvironmentVariable[] env) =>
        Scenario.Module("hello", new WagiModuleSpec { Route = "/hello", Module = Pinned, Env = env });

    private static WagiModule WithPullSecret(string module) =>
        Scenario.Module("hello", new WagiModuleSpec { Route = "/hello", Module = module, ImagePullSecrets = [new() { Name = "pull" }] });

    private static EnvironmentVariable FromSecret(string name, string secret, string key, bool? optional = null) =>
        new() { Name = name, ValueFrom = new() { SecretKeyRef = new() { Name = secret, Key = key, Optional = optional } } };

    private static EnvironmentVariable FromConfigMap(string name, string configMap, string key, bool? optional = null) =>
        new() { Name = name, ValueFrom = new() { ConfigMapKeyRef = new() { Name = configMap, Key = key, Optional = optional } } };
}
