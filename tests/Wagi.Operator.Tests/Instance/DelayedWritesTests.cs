using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Wagi.Kubernetes.ApiServer;
using Wagi.Kubernetes.Resources;
using Wagi.Operator.Instance;
using Wagi.Operator.Reconciling;
using Wagi.Operator.Tests.Cluster;
using Wagi.TestCluster;
using Wagi.TestCluster.Kubernetes;

namespace Wagi.Operator.Tests.Instance;

/// <summary>A namespace that changes its modules all the time, on an API server of its own: the operator serves all namespaces here.</summary>
public sealed class DelayedWritesTests
{
    private const string Module = "127.0.0.1:5000/samples/hello@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    private const int Modules = 14;

    // Little enough that a busy machine exceeds it.
    private static readonly WriteBudgetOptions Budget = new() { BurstOfNamespace = 3_000_000, BytesPerSecondOfNamespace = 125_000 };

    [Fact]
    public async Task TenantWhoEditsAllTheTime_NearTheSizeLimit_WaitsByItself()
    {
        Assert.SkipWhen(TestTools.WhyMissing(ControlPlane.Programs) is not null, TestTools.WhyMissing(ControlPlane.Programs) ?? "");
        await using var controlPlane = await ControlPlane.StartAsync(TestContext.Current.CancellationToken);
        await controlPlane.ApplyCrdsAsync(ClusterFixture.Crds);
        await using var test = await TestOperator.CreateAsync(controlPlane, options => options with { WatchNamespace = null, Writes = Budget });
        long written = 0;
        test.Intercept = (request, body) =>
        {
            if (request.Method == HttpMethod.Patch && request.RequestUri!.AbsolutePath.EndsWith($"/{test.System}/configmaps/wagi-modules", StringComparison.Ordinal))
            {
                Interlocked.Add(ref written, Encoding.UTF8.GetByteCount(body));
            }

            return null;
        };
        await test.CreateAsync(new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "List",
            ["items"] = new JsonArray([.. Enumerable.Range(0, Modules).Select(i => Manifest(test, i))]),
        }.ToJsonString());
        await test.StartAgainAsync();
        await test.ConditionBecomesAsync("m13", "Programmed", "True/");

        var clock = Stopwatch.StartNew();
        using var stop = new CancellationTokenSource();
        var editing = EditAsync(test, stop.Token);
        await test.ConditionBecomesAsync("m0", "Programmed", "False/WriteDelayed");
        Assert.Contains("the last good version goes on being served", await test.ConditionAsync("m0", "Ready"), StringComparison.Ordinal);
        Assert.Equal("True/Programmed", (await test.ConditionAsync("m1", "Programmed"))[..15]);

        var neighbour = Stopwatch.StartNew();
        await test.ApplyAsync($$"""
            { apiVersion: v1, kind: List, items: [
              { apiVersion: v1, kind: Namespace, metadata: { name: neighbour } },
              { apiVersion: wagi.dev/v1alpha1, kind: WagiModule, metadata: { name: new, namespace: neighbour }, spec: { route: /new, module: "{{Module}}" } } ] }
            """);
        await test.TomlBecomesAsync(toml => toml.Contains("\"/new\"", StringComparison.Ordinal), "the neighbour's entry", TimeSpan.FromSeconds(10));
        TestContext.Current.SendDiagnosticMessage($"the neighbour's entry was there after {neighbour.Elapsed.TotalSeconds:0.0} s");

        // Long enough for dozens of writes, if there were nothing in their way.
        await Eventually.Becomes(() => clock.Elapsed, elapsed => elapsed > TimeSpan.FromSeconds(15));
        await stop.CancelAsync();
        var edits = await editing;
        var elapsed = clock.Elapsed;
        var allowed = Budget.BurstOfNamespace + (elapsed.TotalSeconds * Budget.BytesPerSecondOfNamespace) + 3_000_000;
        Assert.True(Interlocked.Read(ref written) < allowed, $"{written} bytes in {elapsed.TotalSeconds:0.0} s for {edits} edits; {allowed:0} are allowed");
        Assert.True(edits > 20, $"only {edits} edits");

        await test.ConditionBecomesAsync("m0", "Programmed", "True/");
        Assert.Contains(Value(edits), await test.TomlAsync(), StringComparison.Ordinal);
        TestContext.Current.SendDiagnosticMessage($"{edits} edits wrote {written} bytes in {elapsed.TotalSeconds:0.0} s");
    }

    /// <summary>60 KB of 64.</summary>
    private static JsonArray Env(int number) => new(
        new JsonObject { ["name"] = "A", ["value"] = Value(number) }, new JsonObject { ["name"] = "B", ["value"] = Value(number) });

    private static string Value(int number) => number.ToString("x8", CultureInfo.InvariantCulture) + new string('x', 30_000);

    private static JsonObject Manifest(TestOperator test, int number) => new()
    {
        ["apiVersion"] = "wagi.dev/v1alpha1",
        ["kind"] = "WagiModule",
        ["metadata"] = new JsonObject { ["name"] = $"m{number}", ["namespace"] = test.Tenant },
        ["spec"] = new JsonObject { ["route"] = $"/m{number}", ["module"] = Module, ["env"] = Env(number) },
    };

    private static async Task<int> EditAsync(TestOperator test, CancellationToken cancellationToken)
    {
        using var client = new ApiServerClient(OperatorApplication.FieldManager, Kubeconfig.Load(test.KubeconfigPath, null));
        var edits = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            var spec = new JsonObject { ["env"] = Env(++edits) };
            await client.MergeAsync(
                WagiModules.Resource.PathOf(new ObjectKey(test.Tenant, "m0")), new JsonObject { ["spec"] = spec },
                ApiServerJsonContext.Default.PartialObject, isSecret: false, CancellationToken.None);
        }

        return edits;
    }
}
