using System.Text;
using Wagi.Kubernetes.Resources;
using Wagi.Modules.Configuration;
using Wagi.Modules.Secrets;
using Wagi.Modules.Status;
using Wagi.Operator.Planning;

namespace Wagi.Operator.Tests.Planning;

public sealed class PlannerTests
{
    [Fact]
    public void Toml_NamesTheDigest_AndAllThatTheSpecSays()
    {
        var plan = new Scenario()
            .With(Scenario.Module("hello", new WagiModuleSpec
            {
                Route = "/hello/...",
                Hosts = ["Shop.example.com", "*.example.org"],
                Module = "oci://registry.example:5000/samples/hello:v1",
                AllowedHosts = ["https://api.example.com"],
                Entrypoint = "run",
                Argv = "hello ${ARGS}",
                Env = [new EnvironmentVariable { Name = "B", Value = "two" }, new EnvironmentVariable { Name = "A", Value = "one \"quoted\"" }],
                Timeout = "1m30s",
                MemoryLimit = "64Mi",
                MaxConcurrency = 10,
                HttpMaxConcurrency = 3,
                RateLimit = "100/s",
                PassAuthorization = true,
                Compress = true,
            }, ns: "shop"))
            .Tag("registry.example:5000/samples/hello:v1", Scenario.Digest1)
            .Plan();

        Assert.Equal(
            ChecksumLine.AddTo(
                $$"""
                # Written by wagi-operator from the WagiModules; changes by hand are overwritten.

                [[module]]
                id = "shop/hello"
                route = "/hello/..."
                hosts = ["shop.example.com", "*.example.org"]
                module = { reference = "oci://registry.example:5000/samples/hello@{{Scenario.Digest1}}", requires = ["authorization", "rate-limit"] }
                entrypoint = "run"
                argv = "hello ${ARGS}"
                allowed_hosts = ["https://api.example.com:443"]
                http_max_concurrency = 3
                timeout = "1m30s"
                memory_limit = "64Mi"
                max_concurrency = 10
                rate_limit = "100/s"
                pass_authorization = true
                compress = true
                revision = "{{plan.Verdicts[0].Entry!.Revision}}"
                environment = { "A" = "one \"quoted\"", "B" = "two" }

                """),
            plan.Toml);
        Assert.Equal($"registry.example:5000/samples/hello:v1@{Scenario.Digest1}", plan.Verdicts[0].Status.ResolvedModule);
    }

    [Fact]
    public void NewModule_IsResolvedFirst_ThenProgrammed_ThenReady()
    {
        var scenario = new Scenario().With("hello", "/hello");

        Assert.Equal(
            ["Accepted=True Accepted", "Resolved=Unknown Resolving", "Programmed=False NotResolved", "Ready=False Resolving"],
            scenario.Plan().Verdict("hello").Conditions());

        scenario.Tag("registry.example/hello:v1", Scenario.Digest1);
        Assert.Equal(
            ["Accepted=True Accepted", "Resolved=True Resolved", "Programmed=True Programmed", "Ready=False NoRuntimes"],
            scenario.Plan().Verdict("hello").Conditions());

        var verdict = scenario.Runtime("a").Runtime("b").Plan().Verdict("hello");
        Assert.Equal("served by every runtime", verdict.Expect(ConditionType.Ready, "True", ConditionReason.Ready));
        Assert.Equal("all", verdict.Status.Runtimes!.Summary);
        Assert.Equal(["/hello"], verdict.Status.Routes);
    }

    [Fact]
    public void ObservedGeneration_IsThatOfTheSpec_InStatusAndConditions()
    {
        var scenario = new Scenario().With("hello", "/hello").Edit("hello", spec => spec);

        var status = scenario.Plan().Verdict("hello").Status;

        Assert.Equal(2, status.ObservedGeneration);
        Assert.All(status.Conditions!, condition => Assert.Equal(2, condition.ObservedGeneration));
    }

    [Fact]
    public void Transition_IsDated_AndStaysWhenOnlyTheMessageChanges()
    {
        var scenario = new Scenario().With("hello", "/hello").Tag("registry.example/hello:v1", Scenario.Digest1);
        scenario.Plan();
        scenario.Runtime("a").Plan();
        scenario.Now = Scenario.Start.AddMinutes(5).AddMilliseconds(123);

        var resolved = scenario.Tag("registry.example/hello:v1", Scenario.Digest2).Plan().Verdict("hello").Condition(ConditionType.Resolved)!;
        Assert.Contains(Scenario.Digest2, resolved.Message, StringComparison.Ordinal);
        Assert.Equal(Scenario.Start, resolved.LastTransitionTime);

        var lost = scenario.UnreachableRuntime("b", "timed out").Plan().Verdict("hello").Condition(ConditionType.Ready)!;
        Assert.Equal(Scenario.Start.AddMinutes(5), lost.LastTransitionTime);
    }

    [Fact]
    public void SecondPlan_OfWhatWasPlanned_ChangesNothing()
    {
        var scenario = new Scenario().With("hello", "/hello").With("other", "/hello").Tag("registry.example/hello:v1", Scenario.Digest1);
        scenario.Plan();
        scenario.Runtime("a").Plan();
        scenario.Now = Scenario.Start.AddHours(1);
        var toml = scenario.Toml;

        var plan = scenario.Plan();

        Assert.Equal(toml, plan.Toml);
        Assert.All(plan.Verdicts, verdict => Assert.False(verdict.StatusChanged));
        Assert.All(plan.Verdicts, verdict => Assert.Empty(verdict.Events));
    }

    [Fact]
    public void DeletedModule_LeavesTheFile()
    {
        var scenario = new Scenario().With("hello", "/hello").Tag("registry.example/hello:v1", Scenario.Digest1);
        scenario.Plan();
        scenario.Modules[0].Metadata.DeletionTimestamp = Scenario.Start.UtcDateTime;

        var plan = scenario.Plan();

        Assert.DoesNotContain("[[module]]", plan.Toml, StringComparison.Ordinal);
        plan.Verdict("hello").Expect(ConditionType.Accepted, "False", ConditionReason.Deleting);
        Assert.Null(plan.Verdict("hello").Condition(ConditionType.Stalled));
    }

    [Fact]
    public void InvalidSpec_KeepsTheLastGoodVersion_AndItsRoute()
    {
        var scenario = new Scenario().With("hello", "/hello", age: 2).Tag("registry.example/hello:v1", Scenario.Digest1);
        scenario.Plan();
        var toml = scenario.Toml;

        scenario.Edit("hello", spec => spec with { Timeout = "soon" }).With("squatter", "/hello", age: 1);
        var plan = scenario.Plan();

        Assert.Equal(toml, plan.Toml);
        var verdict = plan.Verdict("hello");
        Assert.Equal(
            "spec.timeout: 'soon' is not a duration between 1ms and 24h; write for example '30s', '1m30s' or '500ms'",
            verdict.Expect(ConditionType.Accepted, "False", ConditionReason.InvalidSpec));
        Assert.Equal("the last good version goes on being served", verdict.Expect(ConditionType.Programmed, "False", ConditionReason.NotAccepted));
        verdict.Expect(ConditionType.Stalled, "True", ConditionReason.InvalidSpec);
        Assert.Equal($"registry.example/hello:v1@{Scenario.Digest1}", verdict.Status.ResolvedModule);
        plan.Verdict("squatter").Expect(ConditionType.Accepted, "False", ConditionReason.RouteConflict);
    }

    [Fact]
    public void UnresolvableNewTag_KeepsTheLastGoodVersion()
    {
        var scenario = new Scenario().With("hello", "/hello").Tag("registry.example/hello:v1", Scenario.Digest1);
        scenario.Plan();
        scenario.Runtime("a").Plan();
        var toml = scenario.Toml;
        scenario.Edit("hello", spec => spec with { Module = "registry.example/hello:v2" })
            .TagFails("registry.example/hello:v2", ModuleReason.NotFound, "registry.example has no tag v2 in hello");

        var plan = scenario.Plan();

        Assert.Equal(toml, plan.Toml);
        var verdict = plan.Verdict("hello");
        Assert.Equal("registry.example has no tag v2 in hello", verdict.Expect(ConditionType.Resolved, "False", ModuleReason.NotFound));
        verdict.Expect(ConditionType.Programmed, "False", ConditionReason.NotResolved);
        verdict.Expect(ConditionType.Ready, "False", ModuleReason.NotFound);
        Assert.Null(verdict.Condition(ConditionType.Stalled));
        Assert.Equal("none", verdict.Status.Runtimes!.Summary);
        Assert.Equal($"registry.example/hello:v1@{Scenario.Digest1}", verdict.Status.ResolvedModule);
    }

    [Fact]
    public void NewRouteOfUnresolvableModule_GivesTheOldRouteToWhoClaimsIt()
    {
        var scenario = new Scenario().With("hello", "/a", age: 2).Tag("registry.example/hello:v1", Scenario.Digest1).Tag("registry.example/other:v1", Scenario.Digest2);
        scenario.Plan();
        scenario.Edit("hello", spec => spec with { Route = "/b", Module = "registry.example/hello:v2" })
            .With("other", "/a", "registry.example/other:v1", age: 1);

        var plan = scenario.Plan();

        Assert.Null(plan.Verdict("hello").Entry);
        Assert.Equal("/a", plan.Verdict("other").Entry!.Route.ToString());
    }

    [Fact]
    public void RegistryDown_ChangesNothingForATagThatWasResolvedBefore()
    {
        var scenario = new Scenario().With("hello", "/hello").Tag("registry.example/hello:v1", Scenario.Digest1);
        scenario.Plan();
        var toml = scenario.Toml;
        scenario.TagFails("registry.example/hello:v1", ModuleReason.RegistryUnreachable, "registry.example does not answer");

        var plan = scenario.Plan();

        Assert.Equal(toml, plan.Toml);
        Assert.Equal(
            "RegistryUnreachable: registry.example does not answer; the digest that the tag had before is used",
            plan.Verdict("hello").Expect(ConditionType.Resolved, "True", ConditionReason.ResolvedBefore));
    }

    [Fact]
    public void ResolutionThatCannotSucceed_Stalls()
    {
        var scenario = new Scenario().With("hello", "/hello").TagFails("registry.example/hello:v1", ModuleReason.NotWasm, "is an image of text", isFinal: true);

        scenario.Plan().Verdict("hello").Expect(ConditionType.Stalled, "True", ModuleReason.NotWasm);
    }

    [Fact]
    public void MovedTag_ChangesTheEntry()
    {
        var scenario = new Scenario().With("hello", "/hello").Tag("registry.example/hello:v1", Scenario.Digest1);
        scenario.Plan();

        var plan = scenario.Tag("registry.example/hello:v1", Scenario.Digest2).Plan();

        Assert.Contains($"hello@{Scenario.Digest2}", plan.Toml, StringComparison.Ordinal);
        Assert.Equal("Normal Resolved", $"{plan.Verdict("hello").Events[0].Type} {plan.Verdict("hello").Events[0].Reason}");
    }

    [Fact]
    public void PinnedModule_AsksNoRegistry()
    {
        var plan = new Scenario().With("hello", "/hello", $"oci://registry.example/hello:v1@{Scenario.Digest1}").Plan();

        Assert.Empty(plan.Resolutions);
        Assert.Equal($"registry.example/hello:v1@{Scenario.Digest1}", plan.Verdict("hello").Status.ResolvedModule);
        Assert.Contains($"module = \"oci://registry.example/hello@{Scenario.Digest1}\"", plan.Toml, StringComparison.Ordinal);
    }

    [Fact]
    public void Bindle_GoesThroughAsItIs()
    {
        var plan = new Scenario().With(Scenario.Module("hello", new WagiModuleSpec
        {
            Route = "/hello",
            Module = "bindle:example.com/hello/1.0.0",
            BindleServer = "https://bindle.example.com/v1",
        })).Plan();

        Assert.Contains("module = \"bindle:example.com/hello/1.0.0\"\nbindle_server = \"https://bindle.example.com/v1\"", plan.Toml, StringComparison.Ordinal);
        Assert.Equal("bindle:example.com/hello/1.0.0", plan.Verdict("hello").Status.ResolvedModule);
    }

    [Theory]
    [InlineData("https://wagi.example.com", "/hello/...", null, "https://wagi.example.com/hello")]
    [InlineData("https://wagi.example.com:8443/base/", "/hello", null, "https://wagi.example.com:8443/base/hello")]
    [InlineData("https://wagi.example.com", "/...", null, "https://wagi.example.com/")]
    [InlineData("https://wagi.example.com:8443", "/hello", "*.example.org,shop.example.org", "https://shop.example.org:8443/hello")]
    [InlineData("https://wagi.example.com", "/hello", "*.example.org", null)]
    [InlineData(null, "/hello", null, null)]
    public void Url_IsWhereTheModuleAnswers(string? baseUrl, string route, string? hosts, string? expected)
    {
        var scenario = new Scenario { Settings = new PlanSettings { BaseUrl = baseUrl is null ? null : new Uri(baseUrl) } }
            .With(Scenario.Module("hello", new WagiModuleSpec { Route = route, Hosts = hosts?.Split(','), Module = $"registry.example/hello@{Scenario.Digest1}" }));

        Assert.Equal(expected, scenario.Plan().Verdict("hello").Status.Url);
    }

    [Fact]
    public void EntryThatDoesNotFit_IsRefused_AndTheOlderOnesStay()
    {
        var scenario = new Scenario { Settings = new PlanSettings { MaxTomlBytes = 3000 } };
        foreach (var (name, age, size) in new[] { ("old", 3, 1000), ("young", 1, 1000), ("middle", 2, 1000), ("small", 0, 10) })
        {
            scenario.With(Scenario.Module(name, new WagiModuleSpec
            {
                Route = "/" + name,
                Module = $"registry.example/hello@{Scenario.Digest1}",
                Env = [new EnvironmentVariable { Name = "FILL", Value = new string('x', size) }],
            }, age: age));
        }

        var plan = scenario.Plan();

        var message = plan.Verdict("young").Expect(ConditionType.Accepted, "False", ConditionReason.TooLarge);
        Assert.StartsWith("the entry takes 1", message, StringComparison.Ordinal);
        plan.Verdict("young").Expect(ConditionType.Stalled, "True", ConditionReason.TooLarge);
        Assert.All(new[] { "old", "middle", "small" }, name => Assert.NotNull(plan.Verdict(name).Entry));
        Assert.True(Encoding.UTF8.GetByteCount(plan.Toml) <= 3000 + ChecksumLine.Length);
    }

    [Fact]
    public void SecretValuesThatDoNotFit_AreRefused()
    {
        var scenario = new Scenario { Settings = new PlanSettings { MaxSecretBytes = 500 } }
            .Secret("big", new() { ["key"] = new string('x', 600) })
            .With(Scenario.Module("hello", new WagiModuleSpec
            {
                Route = "/hello",
                Module = $"registry.example/hello@{Scenario.Digest1}",
                Env = [new EnvironmentVariable { Name = "BIG", ValueFrom = new() { SecretKeyRef = new() { Name = "big", Key = "key" } } }],
            }));

        var plan = scenario.Plan();

        Assert.StartsWith("the secret values take", plan.Verdict("hello").Expect(ConditionType.Accepted, "False", ConditionReason.TooLarge), StringComparison.Ordinal);
        Assert.Empty(plan.SecretData);
    }

    [Fact]
    public void ModuleWithoutSecrets_HasNoPartInTheSecret()
    {
        var plan = new Scenario().With("hello", "/hello", $"registry.example/hello@{Scenario.Digest1}").Plan();

        Assert.Empty(plan.SecretData);
        Assert.Null(plan.Verdict("hello").Entry!.SecretsVersion);
        Assert.False(plan.SecretData.ContainsKey(ModuleSecrets.KeyFor("default/hello")));
    }
}
