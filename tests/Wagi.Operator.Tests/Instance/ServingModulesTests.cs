using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Wagi.Kubernetes.ApiServer;
using Wagi.Kubernetes.Resources;
using Wagi.Modules.Secrets;
using Wagi.Operator.Planning;
using Wagi.Operator.Runtimes;
using Wagi.Operator.Tests.Cluster;
using Wagi.Operator.Tests.Runtimes;
using Wagi.TestCluster;
using Wagi.TestCluster.Kubernetes;

namespace Wagi.Operator.Tests.Instance;

/// <summary>From <c>kubectl apply</c> to the ConfigMap and back to the status, on a real API server.</summary>
public sealed class ServingModulesTests(ClusterFixture cluster)
{
    private const string Digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    private static string ByDigest(string route) => $$"""{ route: "{{route}}", module: "127.0.0.1:5000/samples/hello@{{Digest}}" }""";

    [Fact]
    public async Task WagiModule_BecomesReady_WhenTheRuntimeServesIt()
    {
        await using var test = await TestOperator.CreateAsync(await cluster.ControlPlaneAsync());
        await using var runtime = await FakeRuntime.StartAsync(test.TomlAsync);
        test.Options = test.Options with { Runtimes = [runtime.Url] };
        await test.StartAgainAsync();

        await test.ApplyModuleAsync("hello", ByDigest("/hello"));
        await test.KubectlAsync("wait", "--for=condition=Ready", "wagimodule/hello", "-n", test.Tenant, "--timeout=30s");

        var toml = await test.TomlAsync();
        Assert.Contains($"id = \"{test.Tenant}/hello\"", toml, StringComparison.Ordinal);
        Assert.Contains($"module = \"oci://127.0.0.1:5000/samples/hello@{Digest}\"", toml, StringComparison.Ordinal);
        var status = (await test.ModuleAsync("hello"))!["status"]!;
        Assert.Equal("all", (string?)status["runtimes"]!["summary"]);
        Assert.Equal("/hello", (string?)status["routes"]![0]);
        foreach (var type in new[] { "Accepted", "Resolved", "Programmed", "Ready" })
        {
            Assert.StartsWith("True/", await test.ConditionAsync("hello", type), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Transitions_AreToldOnce_ByEvents()
    {
        await using var test = await TestOperator.CreateAsync(await cluster.ControlPlaneAsync());
        await using var runtime = await FakeRuntime.StartAsync(test.TomlAsync);
        test.Options = test.Options with { Runtimes = [runtime.Url] };
        await test.StartAgainAsync();

        await test.ApplyModuleAsync("hello", ByDigest("/hello"));
        await test.ConditionBecomesAsync("hello", "Ready", "True/");

        var events = await Eventually.Becomes(
            async token => (await test.ListAsync(ApiResource.Events, token)).Select(e => $"{e["type"]} {e["reason"]} {e["involvedObject"]!["name"]}").ToList(),
            events => events.Contains("Normal Ready hello"));
        Assert.Equal(events.Distinct(), events);
    }

    [Fact]
    public async Task TransitionThatComesAgain_IsCounted_InOneEvent_AlsoAfterAStart()
    {
        await using var test = await TestOperator.CreateAsync(await cluster.ControlPlaneAsync());
        await using var runtime = await FakeRuntime.StartAsync(test.TomlAsync);
        test.Options = test.Options with
        {
            Runtimes = [runtime.Url],
            RuntimePace = test.Options.RuntimePace with { Settled = TimeSpan.FromMilliseconds(200) },
        };
        await test.StartAgainAsync();
        await test.ApplyModuleAsync("hello", ByDigest("/hello"));
        await test.ConditionBecomesAsync("hello", "Ready", "True/");

        for (var times = 1; times <= 3; times++)
        {
            runtime.IsBroken = true;
            await test.ConditionBecomesAsync("hello", "Ready", "Unknown/RuntimeUnreachable");
            runtime.IsBroken = false;
            await test.ConditionBecomesAsync("hello", "Ready", "True/");
            await CountBecomesAsync("RuntimeUnreachable", times);
            await CountBecomesAsync("Ready", times + 1);
            if (times == 2)
            {
                await test.StopAsync();
                await test.StartAgainAsync();
            }
        }

        async Task CountBecomesAsync(string reason, int expected)
        {
            var happened = Assert.Single(await Eventually.Becomes(
                async token => (await test.ListAsync(ApiResource.Events, token)).Where(e => (string?)e["reason"] == reason).ToList(),
                events => events.Any(e => (int)e["count"]! == expected)));
            Assert.True((DateTimeOffset)happened["lastTimestamp"]! >= (DateTimeOffset)happened["firstTimestamp"]!);
        }
    }

    [Fact]
    public async Task RuntimeThatFailsToLoad_IsTheReason_OfTheModule()
    {
        await using var test = await TestOperator.CreateAsync(await cluster.ControlPlaneAsync());
        await using var runtime = await FakeRuntime.StartAsync(test.TomlAsync);
        runtime.Failing = runtime.Failing.Add($"{test.Tenant}/broken", "CompileFailed");
        test.Options = test.Options with { Runtimes = [runtime.Url] };
        await test.StartAgainAsync();

        await test.ApplyModuleAsync("fine", ByDigest("/fine"));
        await test.ApplyModuleAsync("broken", ByDigest("/broken"));

        await test.ConditionBecomesAsync("fine", "Ready", "True/");
        await test.ConditionBecomesAsync("broken", "Ready", "False/CompileFailed");

        runtime.Failing = runtime.Failing.Clear();
        await test.ConditionBecomesAsync("broken", "Ready", "True/");
    }

    [Fact]
    public async Task RuntimeThatDoesNotAnswer_MakesModulesNotReady_UntilItDoes()
    {
        await using var test = await TestOperator.CreateAsync(await cluster.ControlPlaneAsync());
        await using var runtime = await FakeRuntime.StartAsync(test.TomlAsync);
        test.Options = test.Options with
        {
            Runtimes = [runtime.Url],
            RuntimePace = test.Options.RuntimePace with { Settled = TimeSpan.FromMilliseconds(200) },
        };
        await test.StartAgainAsync();
        await test.ApplyModuleAsync("hello", ByDigest("/hello"));
        await test.ConditionBecomesAsync("hello", "Ready", "True/");

        runtime.IsBroken = true;
        await test.ConditionBecomesAsync("hello", "Ready", "Unknown/RuntimeUnreachable");
        runtime.IsBroken = false;
        await test.ConditionBecomesAsync("hello", "Ready", "True/");
    }

    [Fact]
    public async Task DeletedWagiModule_LeavesTheConfigMap()
    {
        await using var test = await TestOperator.StartAsync(cluster);
        await test.ApplyModuleAsync("stays", ByDigest("/stays"));
        await test.ApplyModuleAsync("goes", ByDigest("/goes"));
        await test.TomlBecomesAsync(toml => toml.Contains("/goes", StringComparison.Ordinal), "both entries");

        await test.KubectlAsync("delete", "wagimodule/goes", "-n", test.Tenant);

        var toml = await test.TomlBecomesAsync(toml => !toml.Contains("/goes", StringComparison.Ordinal), "one entry");
        Assert.Contains("/stays", toml, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TwoModulesOnOneRoute_TheOlderServes_TheYoungerIsToldByWhom()
    {
        await using var test = await TestOperator.StartAsync(cluster);
        await test.ApplyModuleAsync("older", ByDigest("/same"));
        await test.ConditionBecomesAsync("older", "Programmed", "True/");
        await test.ApplyModuleAsync("younger", ByDigest("/same"));

        var told = await test.ConditionBecomesAsync("younger", "Accepted", "False/RouteConflict");
        Assert.Contains($"{test.Tenant}/older", told, StringComparison.Ordinal);

        await test.KubectlAsync("delete", "wagimodule/older", "-n", test.Tenant);
        await test.ConditionBecomesAsync("younger", "Programmed", "True/");
    }

    [Fact]
    public async Task ConfigMapEditedOrDeletedByHand_IsRestored()
    {
        await using var test = await TestOperator.StartAsync(cluster);
        await test.ApplyModuleAsync("hello", ByDigest("/hello"));
        var expected = await test.TomlBecomesAsync(toml => toml.Contains("/hello", StringComparison.Ordinal), "the entry");

        await test.KubectlAsync("patch", "configmap/wagi-modules", "-n", test.System, "--type=merge", "-p", """{"data":{"modules.toml":"# mine","other":"x"}}""");
        await test.TomlBecomesAsync(toml => toml == expected, "the ConfigMap to be as before the edit");
        await Eventually.Becomes(
            async token => (await test.FindAsync(ApiResource.ConfigMaps, new ObjectKey(test.System, "wagi-modules"), token))!["data"]!.AsObject().Count,
            keys => keys == 1);

        await test.KubectlAsync("delete", "configmap/wagi-modules", "-n", test.System);
        await test.TomlBecomesAsync(toml => toml == expected, "the ConfigMap to be there again");
    }

    [Fact]
    public async Task UnchangedWorld_IsNotWrittenAgain()
    {
        await using var test = await TestOperator.StartAsync(cluster);
        await test.ApplyModuleAsync("hello", ByDigest("/hello"));
        await test.ConditionBecomesAsync("hello", "Programmed", "True/");
        await test.StopAsync();
        var before = await VersionsAsync();

        await test.StartAgainAsync();
        // It has seen everything once it has told another module that its route is taken.
        await test.ApplyModuleAsync("other", ByDigest("/hello"));
        await test.ConditionBecomesAsync("other", "Accepted", "False/RouteConflict");

        Assert.Equal(before, await VersionsAsync());

        async Task<string> VersionsAsync()
        {
            var key = new ObjectKey(test.System, "wagi-modules");
            var objects = new[]
            {
                await test.FindAsync(ApiResource.ConfigMaps, key),
                await test.FindAsync(ApiResource.Secrets, key),
                await test.ModuleAsync("hello"),
            };
            return string.Join(' ', objects.Select(found => (string?)found!["metadata"]!["resourceVersion"]));
        }
    }

    [Fact]
    public async Task SecretThatIsMissing_IsNamed_AndTakenUpWhenItIsCreated()
    {
        await using var test = await TestOperator.StartAsync(cluster);
        await test.ApplyModuleAsync("greets", $$"""
            { route: /greets, module: "127.0.0.1:5000/samples/hello@{{Digest}}",
              env: [{ name: TOKEN, valueFrom: { secretKeyRef: { name: api, key: token } } }] }
            """);
        var told = await test.ConditionBecomesAsync("greets", "Resolved", "False/SecretNotFound");
        Assert.Contains("api", told, StringComparison.Ordinal);

        await test.ApplyAsync(Secret(test.Tenant, "api", "first-value"));
        await test.ConditionBecomesAsync("greets", "Programmed", "True/");
        Assert.Equal("first-value", await TokenAsync());

        await test.ApplyAsync(Secret(test.Tenant, "api", "second-value"));
        await Eventually.Becomes(_ => TokenAsync(), token => token == "second-value");
        Assert.DoesNotContain("-value", await test.TomlAsync(), StringComparison.Ordinal);

        async Task<string?> TokenAsync()
        {
            var data = await test.SecretAsync();
            var json = data?.GetValueOrDefault(ModuleSecrets.KeyFor($"{test.Tenant}/greets"));
            return json is null ? null : ModuleSecrets.FromJson(System.Text.Encoding.UTF8.GetBytes(json)).Environment["TOKEN"];
        }
    }

    [Fact]
    public async Task SecretOfAnotherNamespace_IsOutOfReach()
    {
        // It serves every namespace, those of other tests included, whose modules would get its conditions: so it has a cluster of its own.
        Assert.SkipWhen(TestTools.WhyMissing(ControlPlane.Programs) is not null, TestTools.WhyMissing(ControlPlane.Programs) ?? "");
        await using var controlPlane = await ControlPlane.StartAsync(TestContext.Current.CancellationToken);
        await controlPlane.ApplyCrdsAsync(ClusterFixture.Crds);
        await using var test = await TestOperator.CreateAsync(controlPlane, options => options with { WatchNamespace = null });
        await test.StartAgainAsync();
        await test.ApplyAsync(Secret(test.System, "api", "of the operator's namespace"));
        await test.ApplyModuleAsync("thief", $$"""
            { route: "/{{test.Tenant}}", module: "127.0.0.1:5000/samples/hello@{{Digest}}",
              env: [{ name: TOKEN, valueFrom: { secretKeyRef: { name: api, key: token } } }] }
            """);

        await test.ConditionBecomesAsync("thief", "Resolved", "False/SecretNotFound");
        Assert.DoesNotContain(await test.SecretAsync() ?? [], pair => pair.Value.Contains("of the operator's", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ThreeHundredModules_AreServed_WithFewWrites()
    {
        await using var test = await TestOperator.CreateAsync(await cluster.ControlPlaneAsync());
        await using var runtime = await FakeRuntime.StartAsync(test.TomlAsync);
        test.Options = test.Options with { Runtimes = [runtime.Url] };
        await test.StartAgainAsync();

        var writes = 0;
        var elapsed = Stopwatch.StartNew();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "wagi.operator.writes" && instrument.Meter.Scope == test.Application!.Services.GetRequiredService<IMeterFactory>())
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, count, tags, _) =>
        {
            if (tags[0].Value is "configmaps")
            {
                Interlocked.Add(ref writes, (int)count);
            }
        });
        listener.Start();

        await test.ApplyAsync(string.Join("\n---\n", Enumerable.Range(0, 300).Select(i => test.Module($"m{i:000}", ByDigest($"/m{i:000}")))));
        await Eventually.Becomes(
            async token => (await test.ListAsync(WagiModules.Resource, token))
                .Count(module => (module["status"]?["conditions"]?.AsArray() ?? []).Any(c => (string?)c!["type"] == "Ready" && (string?)c["status"] == "True")),
            ready => ready == 300,
            TimeSpan.FromSeconds(60));

        // Ten at once, then ten a second.
        Assert.InRange(writes, 1, 20 + (int)(elapsed.Elapsed.TotalSeconds * 10));
    }

    private static string Secret(string @namespace, string name, string token) =>
        $$"""{ apiVersion: v1, kind: Secret, metadata: { name: "{{name}}", namespace: "{{@namespace}}" }, stringData: { token: "{{token}}" } }""";
}
