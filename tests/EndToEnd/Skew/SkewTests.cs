using System.Net;
using Wagi.TestCluster;
using Wagi.TestCluster.Processes;
using Wagi.TestCluster.Product;

namespace Wagi.EndToEnd.Skew;

/// <summary>
/// Operators and runtimes of this version and of the one before, which an upgrade has side by side: operators that elect a leader, and
/// runtimes that are pods to them, on one ConfigMap and one Secret. The tests stand in for the kubelet.
/// </summary>
[Collection(nameof(SkewCollection))]
public abstract class SkewTests : IAsyncLifetime
{
    private const string Class = """
        apiVersion: wagi.dev/v1alpha1
        kind: WagiClass
        metadata: {name: wagi, annotations: {wagi.dev/is-default-class: "true"}}
        spec: {runtimes: {namespace: wagi-system}}
        """;

    private readonly SkewFixture _fixture;
    private readonly TempDirectory _directory = new("skew");
    private readonly List<ProductProcess> _operators = [];
    private readonly List<RuntimeProcess> _runtimes = [];
    private readonly int _adminPort = FreePort.Pick();

    protected SkewTests(SkewFixture fixture)
    {
        Assert.SkipWhen(fixture.WhyMissing is not null, fixture.WhyMissing ?? "");
        _fixture = fixture;
    }

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected WholeSystem System => _fixture.System!;

    /// <summary>A namespace of this test.</summary>
    protected string Tenant { get; private set; } = "";

    public async ValueTask InitializeAsync() => Tenant = await System.CreateNamespaceAsync();

    /// <summary>Starts an operator. This version serves a class without rules, the default one, as the chart has it.</summary>
    protected ProductProcess StartOperator(Release release)
    {
        string[] serves = release == Release.This ? ["--class-file", _directory.Write("class.yaml", Class)] : [];
        var started = System.LaunchOperator(
            more: ["--leader-elect", "true", .. serves], release: release, runtimes: ["--runtime-admin-port", $"{_adminPort}"]);
        _operators.Add(started);
        return started;
    }

    /// <summary>Starts a runtime, and makes its pod ready when it is.</summary>
    protected async Task<RuntimeProcess> StartRuntimeAsync(Release release)
    {
        var address = $"127.0.0.{2 + _runtimes.Count}";
        var runtime = await System.StartRuntimeAsync(release, _directory.PathOf($"cache-{address}"), $"{address}:{_adminPort}", Cancellation);
        _runtimes.Add(runtime);
        await System.ControlPlane.ApplyAsync(
            $$"""
            apiVersion: v1
            kind: Pod
            metadata:
              name: {{PodOf(runtime)}}
              namespace: {{WholeSystem.SystemNamespace}}
              labels: {app.kubernetes.io/name: wagi-operator, app.kubernetes.io/component: runtime}
            spec: {containers: [{name: wagi, image: wagi}]}
            """,
            Cancellation);
        await SetPodAsync(runtime, address, "False");
        await Eventually.Becomes(
            async token =>
            {
                using var answer = await runtime.Admin.GetAsync("/healthz/ready", token);
                return answer.StatusCode;
            },
            status => status == HttpStatusCode.OK,
            cancellationToken: Cancellation,
            waitingFor: "the runtime to be ready");
        await SetPodAsync(runtime, address, "True");
        return runtime;
    }

    /// <summary>Takes the pod away, and then the runtime.</summary>
    protected async Task StopRuntimeAsync(RuntimeProcess runtime)
    {
        await DeletePodAsync(runtime);
        Assert.Equal(0, await runtime.TerminateAsync(Cancellation));
    }

    /// <summary>Waits until every module of <see cref="Tenant"/> is ready.</summary>
    protected async Task AllAreReadyAsync()
    {
        (await System.ControlPlane.KubectlAsync("wait", "--for=condition=Ready", "--timeout=45s", "wagimodules", "--all", "-n", Tenant)).EnsureSuccess();
        var runtimes = await System.ControlPlane.KubectlAsync("get", "wagimodules", "-n", Tenant, "-o", "jsonpath={.items[*].status.runtimes.summary}");
        Assert.All(runtimes.EnsureSuccess().Stdout.Split(' '), summary => Assert.Equal("all", summary));
    }

    /// <summary>How often a runtime has loaded each of these modules of <see cref="Tenant"/>.</summary>
    protected int[] LoadsOf(RuntimeProcess runtime, params IEnumerable<string> names) =>
        [.. names.Select(name => runtime.Log.Split($"Module {Tenant}/{name} is ready at ").Length - 1)];

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        foreach (var running in _operators)
        {
            // Gives the Lease back.
            await running.TerminateAsync(CancellationToken.None);
            await running.DisposeAsync();
        }

        foreach (var runtime in _runtimes)
        {
            await runtime.DisposeAsync();
        }

        await System.ControlPlane.KubectlAsync("delete", "wagimodules", "--all", "-n", Tenant);
        await System.ControlPlane.KubectlAsync("delete", "pods", "--all", "-n", WholeSystem.SystemNamespace, "--grace-period=0", "--force");
        await System.ControlPlane.KubectlAsync("delete", "wagiclass", "wagi", "--ignore-not-found");
        if (TestContext.Current.TestState?.Result == TestResult.Failed)
        {
            var logs = _operators.Select(running => "== operator\n" + running.Log).Concat(_runtimes.Select(runtime => "== runtime\n" + runtime.Log));
            TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', logs));
        }

        _directory.Dispose();
    }

    private string PodOf(RuntimeProcess runtime) => $"wagi-runtime-{_runtimes.IndexOf(runtime)}";

    private Task SetPodAsync(RuntimeProcess runtime, string address, string ready) => System.ControlPlane.MergeAsync(
        $"/api/v1/namespaces/{WholeSystem.SystemNamespace}/pods/{PodOf(runtime)}/status",
        $$"""{ "status": { "phase": "Running", "podIP": "{{address}}", "conditions": [{ "type": "Ready", "status": "{{ready}}" }] } }""",
        Cancellation);

    private async Task DeletePodAsync(RuntimeProcess runtime) => (await System.ControlPlane.KubectlAsync(
        "delete", "pod", PodOf(runtime), "-n", WholeSystem.SystemNamespace, "--ignore-not-found", "--grace-period=0", "--force")).EnsureSuccess();
}
