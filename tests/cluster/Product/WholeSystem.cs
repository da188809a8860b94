using System.Globalization;
using Wagi.TestCluster.Kubernetes;
using Wagi.TestCluster.Processes;
using Wagi.TestCluster.Registry;

namespace Wagi.TestCluster.Product;

/// <summary>
/// Everything that a cluster has, real except for the kubelet: API server with etcd, an OCI registry, our operator and one runtime as
/// <c>make publish</c> made them, and a stand-in that projects ConfigMap and Secret into folders.
/// </summary>
public sealed class WholeSystem : IAsyncDisposable
{
    /// <summary>The namespace of operator and runtime.</summary>
    public const string SystemNamespace = "wagi-system";

    private readonly TempDirectory _directory = new("end-to-end");
    private VolumeSync? _configSync;
    private VolumeSync? _secretSync;
    private ProductProcess? _operator;
    private RuntimeProcess? _runtime;
    private ControlPlane? _controlPlane;
    private RegistryServer? _registry;

    /// <summary>Why this machine cannot run these tests; null when it can.</summary>
    public static string? WhyMissing =>
        TestTools.WhyMissing([.. ControlPlane.Programs, RegistryServer.Program])
        ?? (File.Exists(Checkout.Wagi) && File.Exists(Checkout.Operator) ? null : "the programs are not published: run 'make publish'")
        ?? (Checkout.Sample("hello-c") is null ? "artifacts/samples/hello-c.wasm is not built: run 'make samples'" : null);

    public ControlPlane ControlPlane => _controlPlane!;

    public RegistryServer Registry => _registry!;

    public RuntimeProcess Runtime => _runtime!;

    public string OperatorLog => _operator!.Log;

    private string Configuration => _directory.PathOf("config");

    private string Secrets => _directory.PathOf("secrets");

    /// <summary>Starts everything, the operator last.</summary>
    public static async Task<WholeSystem> StartAsync(CancellationToken cancellation)
    {
        var system = new WholeSystem();
        try
        {
            await system.StartPartsAsync(cancellation);
            return system;
        }
        catch
        {
            await system.DisposeAsync();
            throw;
        }
    }

    private async Task StartPartsAsync(CancellationToken cancellation)
    {
        _registry = await RegistryServer.StartAsync(cancellationToken: cancellation);
        _controlPlane = await ControlPlane.StartAsync(cancellation);
        await ControlPlane.ApplyCrdsAsync(Checkout.Crds, cancellation);
        (await ControlPlane.KubectlAsync("create", "namespace", SystemNamespace)).EnsureSuccess();
        _configSync = new VolumeSync(ControlPlane, "configmaps", SystemNamespace, "wagi-modules", new ConfigMapVolume(Configuration));
        _secretSync = new VolumeSync(ControlPlane, "secrets", SystemNamespace, "wagi-modules", new ConfigMapVolume(Secrets));
        _runtime = await StartRuntimeAsync(CacheDirectory, cancellation);
        StartOperator();
    }

    /// <summary>Another runtime on the same mounted folders.</summary>
    public Task<RuntimeProcess> StartRuntimeAsync(string cache, CancellationToken cancellation) =>
        RuntimeProcess.StartAsync(Path.Combine(Configuration, "modules.toml"), cache, Secrets, cancellation);

    /// <summary>The cache of <see cref="Runtime"/>.</summary>
    public string CacheDirectory => _directory.PathOf("cache");

    /// <summary>Starts the operator; it watches every namespace and asks <see cref="Runtime"/>.</summary>
    public void StartOperator() =>
        _operator = ProductProcess.Start(
            Checkout.Operator,
            "run",
            "--kubeconfig", ControlPlane.KubeconfigPath,
            "--namespace", SystemNamespace,
            "--runtime", Runtime.AdminUrl,
            "--base-url", Runtime.Client.BaseAddress!.ToString(),
            "--health", "127.0.0.1:0");

    /// <summary>Ends the operator as a crash would.</summary>
    public async Task KillOperatorAsync() => await _operator!.DisposeAsync();

    /// <summary>A fresh namespace, so that tests do not meet.</summary>
    public async Task<string> CreateNamespaceAsync()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"test-{Guid.NewGuid():N}")[..16];
        (await ControlPlane.KubectlAsync("create", "namespace", name)).EnsureSuccess();
        return name;
    }

    /// <summary>Pushes a compiled sample with our own program; returns the reference with its digest.</summary>
    public async Task<string> PushAsync(string file, string repositoryAndTag)
    {
        var pushed = (await Command.RunAsync(Checkout.Wagi, ["push", file, $"{Registry.Address}/{repositoryAndTag}"])).EnsureSuccess();
        return pushed.Stdout.Trim();
    }

    /// <summary>Applies a WagiModule whose spec is given as YAML lines without indentation.</summary>
    public Task ApplyModuleAsync(string @namespace, string name, params string[] spec) =>
        ControlPlane.ApplyAsync(
            $"""
            apiVersion: wagi.dev/v1alpha1
            kind: WagiModule
            metadata:
              name: {name}
              namespace: {@namespace}
            spec:
              {string.Join("\n  ", spec)}
            """);

    /// <summary><c>kubectl wait</c> for a condition, as a user would.</summary>
    public async Task WaitAsync(string @namespace, string name, string condition)
    {
        var waited = await ControlPlane.KubectlAsync("wait", $"--for=condition={condition}", "--timeout=45s", $"wagimodule/{name}", "-n", @namespace);
        if (waited.ExitCode != 0)
        {
            throw new TimeoutException(
                $"{waited}\n{await DescribeAsync(@namespace, name)}\n== operator\n{OperatorLog}\n== runtime\n{Runtime.Log}");
        }
    }

    /// <summary>A field of a WagiModule by JSONPath.</summary>
    public async Task<string> FieldAsync(string @namespace, string name, string jsonPath) =>
        (await ControlPlane.KubectlAsync("get", "wagimodule", name, "-n", @namespace, "-o", $"jsonpath={jsonPath}")).EnsureSuccess().Stdout;

    /// <summary>Waits until a condition has a status and a reason, and returns its message.</summary>
    public async Task<string> ConditionAsync(string @namespace, string name, string type, string status, string reason)
    {
        string Path(string field) => $"{{.status.conditions[?(@.type==\"{type}\")].{field}}}";
        var seen = await Eventually.Becomes(
            async _ => (await FieldAsync(@namespace, name, Path("status") + "|" + Path("reason") + "|" + Path("message"))).Split('|', 3),
            parts => parts[0] == status && parts[1] == reason,
            waitingFor: $"{type}={status} because of {reason}");
        return seen[2];
    }

    private async Task<string> DescribeAsync(string @namespace, string name) =>
        (await ControlPlane.KubectlAsync("get", "wagimodule", name, "-n", @namespace, "-o", "yaml")).Stdout;

    public async ValueTask DisposeAsync()
    {
        IAsyncDisposable?[] parts = [_operator, _runtime, _configSync, _secretSync, _controlPlane, _registry];
        foreach (var part in parts)
        {
            if (part is not null)
            {
                await part.DisposeAsync();
            }
        }

        _directory.Dispose();
    }
}
