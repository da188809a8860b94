using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Wagi.Bench.Servers;
using Wagi.TestCluster;
using Wagi.TestCluster.Kubernetes;
using Wagi.TestCluster.Processes;
using Wagi.TestCluster.Product;
using Wagi.TestCluster.Registry;

namespace Wagi.Bench.Operators;

/// <summary>
/// A real API server and registry, operators and runtimes as they were published. The runtimes' pods are objects that nobody schedules: each has a
/// loopback address of its own, where the runtime of its name runs.
/// </summary>
internal sealed class OperatorStage : IAsyncDisposable
{
    private const string Tenant = "tenant";

    private readonly TempDirectory _directory = new("operators");
    private readonly List<ProductProcess> _processes = [];
    private readonly int _adminPort = FreePort.Pick();
    private readonly ControlPlane _controlPlane;
    private readonly RegistryServer _registry;
    private readonly VolumeSync _sync;
    private readonly WagiModules _modules;
    private int _runtimes;
    private string _module = "";

    private OperatorStage(ControlPlane controlPlane, RegistryServer registry)
    {
        _controlPlane = controlPlane;
        _registry = registry;
        _sync = new VolumeSync(controlPlane, "configmaps", WholeSystem.SystemNamespace, "wagi-modules", new ConfigMapVolume(_directory.PathOf("config")));
        _modules = new WagiModules(controlPlane, () => Task.FromResult(string.Join('\n', _processes.Select(process => process.Log))));
    }

    public static async Task<OperatorStage> StartAsync()
    {
        var registry = await RegistryServer.StartAsync();
        var controlPlane = await ControlPlane.StartAsync();
        await controlPlane.ApplyCrdsAsync(Checkout.Crds);
        foreach (var name in new[] { WholeSystem.SystemNamespace, Tenant })
        {
            (await controlPlane.KubectlAsync("create", "namespace", name)).EnsureSuccess();
        }

        var stage = new OperatorStage(controlPlane, registry);
        var pushed = (await Command.RunAsync(Checkout.Wagi, ["push", ServedSamples.HelloInC, $"{registry.Address}/hello:v1"])).EnsureSuccess();
        stage._module = pushed.Stdout.Trim();
        return stage;
    }

    /// <summary>Starts a runtime, and has its pod ready.</summary>
    public async Task AddRuntimeAsync()
    {
        _runtimes++;
        var (name, address) = (string.Create(CultureInfo.InvariantCulture, $"runtime-{_runtimes}"), new IPAddress([127, 0, 0, (byte)_runtimes]));
        _processes.Add(ProductProcess.Start(
            Checkout.Wagi, "serve", "-c", Path.Combine(_directory.PathOf("config"), "modules.toml"), "--wait-for-config", "--module-cache", _directory.PathOf(name),
            "-l", "127.0.0.1:0", "--admin", $"{address}:{_adminPort}"));
        await _controlPlane.ApplyAsync($"""
            apiVersion: v1
            kind: Pod
            metadata:
              name: {name}
              namespace: {WholeSystem.SystemNamespace}
              labels:
                app: runtime
            spec:
              containers:
                - name: wagi
                  image: wagi
            """);
        var path = $"/api/v1/namespaces/{WholeSystem.SystemNamespace}/pods/{name}";
        var pod = JsonNode.Parse((await _controlPlane.KubectlAsync("get", "--raw", path)).EnsureSuccess().Stdout)!;
        pod["status"] = new JsonObject
        {
            ["phase"] = "Running",
            ["podIP"] = address.ToString(),
            ["conditions"] = new JsonArray(new JsonObject { ["type"] = "Ready", ["status"] = "True" }),
        };
        (await _controlPlane.KubectlAsync(["replace", "--raw", path + "/status", "-f", "-"], pod.ToJsonString())).EnsureSuccess();
    }

    /// <summary>Starts an operator, which leads or stands by.</summary>
    public RunningOperator StartOperator()
    {
        var health = FreePort.Pick();
        var process = ProductProcess.Start(
            Checkout.Operator, "run", "--kubeconfig", _controlPlane.KubeconfigPath, "--namespace", WholeSystem.SystemNamespace, "--leader-elect", "true",
            "--runtime-selector", "app=runtime", "--runtime-admin-port", $"{_adminPort}", "--health", $"127.0.0.1:{health}");
        _processes.Add(process);
        return new RunningOperator(process, new Uri($"http://127.0.0.1:{health}"));
    }

    /// <summary>Applies a module of a number, in a version that differs from others.</summary>
    public Task ApplyAsync(int number, int version) => _modules.ApplyAsync(
        Tenant, string.Create(CultureInfo.InvariantCulture, $"m{number}"), $"route: /m{number}", $"module: {_module}", $"argv: v{version}");

    /// <summary>Waits until every module is ready, as it is specified now.</summary>
    public async Task ReadyAsync(int modules)
    {
        for (var i = 0; i < modules; i++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"m{i}");
            await Eventually.Becomes(
                async _ => await _modules.FieldAsync(Tenant, name, "{.metadata.generation} {.status.observedGeneration} {.status.conditions[?(@.type==\"Ready\")].status}"),
                seen => seen.Split(' ') is [var generation, var observed, "True"] && generation == observed);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            await process.DisposeAsync();
        }

        await _sync.DisposeAsync();
        await _controlPlane.DisposeAsync();
        await _registry.DisposeAsync();
        _directory.Dispose();
    }
}

/// <summary>An operator and what its metrics say.</summary>
internal sealed class RunningOperator(ProductProcess process, Uri health)
{
    /// <summary>SIGKILL.</summary>
    public async Task KillAsync() => await process.DisposeAsync();

    /// <summary>A metric without labels; -1 while there is none.</summary>
    public async Task<double> MetricAsync(string name)
    {
        var line = (await MetricsAsync()).FirstOrDefault(line => line.StartsWith(name + "{", StringComparison.Ordinal));
        return line is null ? -1 : Value(line);
    }

    /// <summary>What it has written so far.</summary>
    public async Task<(long Statuses, long Generated, long Pods)> WritesAsync()
    {
        var lines = await MetricsAsync();
        long Of(string resource) => lines.Where(line => line.StartsWith($"wagi_operator_writes_total{{resource=\"{resource}\"}}", StringComparison.Ordinal)).Sum(line => (long)Value(line));
        return (Of("wagimodules"), Of("configmaps") + Of("secrets"), Of("pods"));
    }

    private async Task<string[]> MetricsAsync()
    {
        using var client = new HttpClient();
        try
        {
            return (await client.GetStringAsync(new Uri(health, "/metrics"))).Split('\n');
        }
        catch (HttpRequestException)
        {
            // It does not listen yet.
            return [];
        }
    }

    /// <summary>The value in a line of the Prometheus text format: NAME{LABELS} VALUE, and perhaps a time.</summary>
    private static double Value(string line) => double.Parse(line[(line.IndexOf('}', StringComparison.Ordinal) + 2)..].Split(' ')[0], CultureInfo.InvariantCulture);
}
