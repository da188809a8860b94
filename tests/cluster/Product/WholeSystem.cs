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

    private WagiModules Modules => new(ControlPlane, () => Task.FromResult($"== operator\n{OperatorLog}\n== runtime\n{Runtime.Log}"));

    private string Configuration => _directory.PathOf("config");

    private string Secrets => _directory.PathOf("secrets");

    /// <summary>Starts everything, the operator last.</summary>
    /// <param name="cancellation">Gives up.</param>
    /// <param name="apiServer">Further arguments of the API server.</param>
    public static async Task<WholeSystem> StartAsync(CancellationToken cancellation, params IEnumerable<string> apiServer)
    {
        var system = new WholeSystem();
        try
        {
            await system.StartPartsAsync(apiServer, cancellation);
            return system;
        }
        catch
        {
            await system.DisposeAsync();
            throw;
        }
    }

    private async Task StartPartsAsync(IEnumerable<string> apiServer, CancellationToken cancellation)
    {
        _registry = await RegistryServer.StartAsync(cancellationToken: cancellation);
        _controlPlane = await ControlPlane.StartAsync(cancellation, apiServer);
        await ControlPlane.ApplyCrdsAsync(Checkout.Crds, cancellation);
        (await ControlPlane.KubectlAsync("create", "namespace", SystemNamespace)).EnsureSuccess();
        _configSync = new VolumeSync(ControlPlane, "configmaps", SystemNamespace, "wagi-modules", new ConfigMapVolume(Configuration));
        _secretSync = new VolumeSync(ControlPlane, "secrets", SystemNamespace, "wagi-modules", new ConfigMapVolume(Secrets));
        _runtime = await StartRuntimeAsync(CacheDirectory, cancellation);
        StartOperator();
    }

    /// <summary>Another runtime on the same mounted folders.</summary>
    /// <param name="cache">Its cache.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <param name="command">What to start it with, such as <see cref="JumpingClock.Command"/>.</param>
    public Task<RuntimeProcess> StartRuntimeAsync(string cache, CancellationToken cancellation, params IReadOnlyList<string> command) =>
        StartRuntimeAsync([.. command, Checkout.Wagi], cache, RuntimeProcess.AnyPort, cancellation);

    /// <summary>A runtime of some version on the same mounted folders, whose admin port has an address that others must know.</summary>
    public Task<RuntimeProcess> StartRuntimeAsync(Release release, string cache, string admin, CancellationToken cancellation) =>
        StartRuntimeAsync([release.Runtime], cache, admin, cancellation);

    private Task<RuntimeProcess> StartRuntimeAsync(IReadOnlyList<string> command, string cache, string admin, CancellationToken cancellation) =>
        RuntimeProcess.StartAsync(Path.Combine(Configuration, "modules.toml"), cache, Secrets, command, admin, [], cancellation);

    /// <summary>The cache of <see cref="Runtime"/>.</summary>
    public string CacheDirectory => _directory.PathOf("cache");

    /// <summary>Starts the operator; it watches every namespace and asks <see cref="Runtime"/>.</summary>
    public void StartOperator() => _operator = LaunchOperator();

    /// <summary>Starts an operator that the caller ends.</summary>
    /// <param name="kubeconfig">Leads to the API server; null: straight to it.</param>
    /// <param name="more">Further arguments.</param>
    /// <param name="command">What to start it with, such as <see cref="JumpingClock.Command"/>.</param>
    /// <param name="release">Its version; null: this one.</param>
    /// <param name="runtimes">The arguments that say which runtimes it asks; null: <see cref="Runtime"/>.</param>
    /// <param name="health">Where it answers; null: where nobody asks.</param>
    public ProductProcess LaunchOperator(
        string? kubeconfig = null, IEnumerable<string>? more = null, IReadOnlyList<string>? command = null, Release? release = null, IEnumerable<string>? runtimes = null,
        string? health = null)
    {
        string[] all =
        [
            .. command ?? [],
            (release ?? Release.This).Operator,
            "run",
            "--kubeconfig", kubeconfig ?? ControlPlane.KubeconfigPath,
            "--namespace", SystemNamespace,
            .. runtimes ?? ["--runtime", Runtime.AdminUrl],
            "--base-url", Runtime.Client.BaseAddress!.ToString(),
            "--health", health ?? "127.0.0.1:0",
            .. more ?? [],
        ];
        return ProductProcess.Start(all[0], all[1..]);
    }

    /// <summary>Ends the operator as a crash would.</summary>
    public async Task KillOperatorAsync() => await _operator!.DisposeAsync();

    /// <inheritdoc cref="WagiModules.CreateNamespaceAsync"/>
    public Task<string> CreateNamespaceAsync() => Modules.CreateNamespaceAsync();

    /// <summary>Pushes a compiled sample with our own program; returns the reference with its digest.</summary>
    public async Task<string> PushAsync(string file, string repositoryAndTag)
    {
        var pushed = (await Command.RunAsync(Checkout.Wagi, ["push", file, $"{Registry.Address}/{repositoryAndTag}"])).EnsureSuccess();
        return pushed.Stdout.Trim();
    }

    /// <inheritdoc cref="WagiModules.ApplyAsync"/>
    public Task ApplyModuleAsync(string @namespace, string name, params string[] spec) => Modules.ApplyAsync(@namespace, name, spec);

    /// <inheritdoc cref="WagiModules.WaitAsync"/>
    public Task WaitAsync(string @namespace, string name, string condition) => Modules.WaitAsync(@namespace, name, condition);

    /// <inheritdoc cref="WagiModules.FieldAsync"/>
    public Task<string> FieldAsync(string @namespace, string name, string jsonPath) => Modules.FieldAsync(@namespace, name, jsonPath);

    /// <inheritdoc cref="WagiModules.ConditionAsync"/>
    public Task<string> ConditionAsync(string @namespace, string name, string type, string status, string reason, TimeSpan? deadline = null) =>
        Modules.ConditionAsync(@namespace, name, type, status, reason, deadline);

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
