using Wagi.TestCluster;
using Wagi.TestCluster.Kubernetes;
using Wagi.TestCluster.Kubernetes.Node;
using Wagi.TestCluster.Processes;
using Wagi.TestCluster.Product;
using Wagi.TestCluster.Registry;

namespace Wagi.Node.Tests.Cluster;

/// <summary>
/// A cluster with one node, a registry, and our chart installed by <c>helm</c> with the images that <c>make images</c> made; the cache is the
/// node's (<c>hostPath</c>).
/// </summary>
public sealed class InstalledSystem : IAsyncDisposable
{
    /// <summary>The release's namespace.</summary>
    public const string Namespace = "wagi-system";

    /// <summary>The release.</summary>
    public const string Release = "wagi";

    /// <summary>The runtime's Deployment and Service.</summary>
    public const string Runtime = $"{Release}-runtime";

    /// <summary>The operator's Deployment.</summary>
    public const string Operator = $"{Release}-operator";

    private static readonly string[] Images = [Checkout.Image("wagi"), Checkout.Image("wagi-operator")];

    private static readonly TimeSpan RolloutDeadline = TimeSpan.FromMinutes(3);

    private KubernetesNode? _node;
    private RegistryServer? _registry;
    private HttpClient? _client;
    private string[] _values = [];

    private InstalledSystem()
    {
    }

    /// <summary>Why this machine cannot run these tests; null when it can.</summary>
    public static string? WhyMissing =>
        KubernetesNode.WhyMissing
        ?? TestTools.WhyMissing(RegistryServer.Program, HelmChart.Helms[0])
        ?? (Images.All(File.Exists) ? null : "the container images are not built: run 'make images'")
        ?? (File.Exists(Checkout.Wagi) ? null : "the programs are not published: run 'make publish'")
        ?? Checkout.WhyNoSample("hello-c");

    public KubernetesNode Node => _node!;

    public ControlPlane ControlPlane => Node.ControlPlane;

    public RegistryServer Registry => _registry!;

    public WagiModules Modules => new(ControlPlane, LogsAsync);

    /// <summary>Sends requests to the runtime's Service, by its cluster address.</summary>
    public HttpClient Client => _client!;

    /// <summary>Every object of the cluster before the chart was installed.</summary>
    public IReadOnlyList<string> ObjectsBefore { get; private set; } = [];

    /// <summary>Starts and installs everything.</summary>
    public static async Task<InstalledSystem> StartAsync(CancellationToken cancellation)
    {
        var system = new InstalledSystem();
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

    /// <summary>Runs <c>kubectl</c>, which must succeed, and returns what it printed.</summary>
    public async Task<string> KubectlAsync(params string[] arguments) =>
        (await ControlPlane.KubectlAsync(arguments, null, RolloutDeadline)).EnsureSuccess().Stdout;

    /// <summary>Runs a command of <c>helm</c> on the release's namespace, which must succeed.</summary>
    public async Task<CommandResult> HelmAsync(params string[] arguments) =>
        (await HelmChart.RunAsync(HelmChart.Helms[0], [.. arguments, "--kubeconfig", ControlPlane.KubeconfigPath, "--namespace", Namespace]))
            .EnsureSuccess();

    /// <summary>Installs the chart, or upgrades the release, and returns when it is rolled out.</summary>
    /// <param name="values">Further arguments of <c>--set</c>.</param>
    public async Task InstallAsync(params string[] values)
    {
        await HelmAsync(["upgrade", "--install", Release, HelmChart.Folder, "--create-namespace", .. HelmChart.Set([.. _values, .. values])]);
        await RolledOutAsync();
        var address = await KubectlAsync("get", "service", Runtime, "--namespace", Namespace, "--output", "jsonpath={.spec.clusterIP}");
        var url = new Uri($"http://{address}");
        if (_client?.BaseAddress == url) return;

        _client?.Dispose();
        _client = ClientOf(url);
    }

    /// <summary>
    /// A client without connections: an idle one of <see cref="Client"/> may lead to a pod that is on its way out and knows only the modules
    /// from before.
    /// </summary>
    public HttpClient NewClient() => ClientOf(Client.BaseAddress!);

    /// <summary>
    /// Waits until the Service answers so. A connection to a pod that was replaced ends with its next answer, which knows only the modules
    /// from before: so the first answer may be another.
    /// </summary>
    public Task AnswersAsync(string path, string body) => Eventually.Becomes(
        async token =>
        {
            using var answer = await Client.GetAsync(path, token);
            return await answer.Content.ReadAsStringAsync(token);
        },
        answer => answer == body,
        cancellationToken: TestContext.Current.CancellationToken);

    /// <summary>Waits until operator and runtime are what their Deployments ask for.</summary>
    public Task RolledOutAsync() => Task.WhenAll(RolledOutAsync(Runtime), RolledOutAsync(Operator));

    /// <summary>Pushes a file with our own program, and returns the reference for a WagiModule.</summary>
    public async Task<string> PushAsync(string file, string repositoryAndTag)
    {
        var reference = $"{Registry.Address}/{repositoryAndTag}";
        (await Command.RunAsync(Checkout.Wagi, ["push", file, reference, "--insecure-registry", Registry.Address])).EnsureSuccess();
        return $"oci://{reference}";
    }

    /// <summary>The names of the pods of a Deployment of ours that are not on their way out.</summary>
    public async Task<IReadOnlyList<string>> PodsAsync(string deployment)
    {
        const string Names = """jsonpath={range .items[*]}{.metadata.name} {.metadata.deletionTimestamp}{"\n"}{end}""";
        var component = deployment[(Release.Length + 1)..];
        var pods = await KubectlAsync(
            "get", "pods", "--namespace", Namespace, "--selector", $"app.kubernetes.io/component={component}", "--output", Names);
        return [.. pods.Split('\n').Select(line => line.Split(' ')).Where(pod => pod is [_, ""]).Select(pod => pod[0])];
    }

    /// <summary>Every object of the cluster, but what tests have in namespaces of their own.</summary>
    public async Task<IReadOnlyList<string>> ObjectsAsync(CancellationToken cancellation) =>
        [.. (await ControlPlane.ListObjectsAsync(cancellation)).Where(item => !item.Contains("test-", StringComparison.Ordinal))];

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        if (_registry is not null) await _registry.DisposeAsync();
        if (_node is not null) await _node.DisposeAsync();
    }

    private static HttpClient ClientOf(Uri url) => new(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = url };

    private async Task StartPartsAsync(CancellationToken cancellation)
    {
        _node = await KubernetesNode.StartAsync(cancellation);
        _registry = await RegistryServer.StartAsync(new RegistryOptions { Host = Node.HostAddress }, cancellation);
        foreach (var image in Images) await Node.ImportImageAsync(image, cancellation);
        await KubectlAsync("create", "namespace", Namespace);
        ObjectsBefore = await ObjectsAsync(cancellation);
        _values =
        [
            $"insecureRegistries={{{Registry.Address}}}",
            "runtime.cache.type=hostPath",
            "crds.keep=false",
            $"runtime.cache.hostPath.path={Node.PathOf("module-cache")}",
        ];
        await InstallAsync();
    }

    private async Task RolledOutAsync(string deployment)
    {
        var status = await ControlPlane.KubectlAsync(
            ["rollout", "status", $"deployment/{deployment}", "--namespace", Namespace, $"--timeout={RolloutDeadline.TotalSeconds - 10}s"],
            null,
            RolloutDeadline);
        if (status.ExitCode != 0) throw new TimeoutException($"{status}\n{await LogsAsync()}");
    }

    private async Task<string> LogsAsync()
    {
        var pods = await ControlPlane.KubectlAsync("describe", "pods", "--namespace", Namespace);
        string[] logs = ["logs", "--namespace", Namespace, "--selector", "app.kubernetes.io/name=wagi-operator", "--tail=50", "--prefix"];
        return $"{pods}\n{await ControlPlane.KubectlAsync(logs)}";
    }
}
