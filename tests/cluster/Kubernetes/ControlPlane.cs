using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Wagi.TestCluster.Http;
using Wagi.TestCluster.Processes;

namespace Wagi.TestCluster.Kubernetes;

/// <summary>
/// A real Kubernetes API server with its etcd, on free ports of 127.0.0.1, with certificates and data of its own in a temporary
/// folder and RBAC switched on. There is no controller manager, scheduler or kubelet (<see cref="Node.KubernetesNode"/> adds them): nothing
/// but what the test does changes an object: a pod has the status that the test writes, a deleted owner leaves its dependents, and
/// aggregated cluster roles (<c>view</c>, <c>edit</c>, <c>admin</c>) stay empty. Any number can run side by side.
/// </summary>
public sealed class ControlPlane : IAsyncDisposable
{
    private const string Admin = "wagi-test-admin";

    private static readonly Version FirstWithCel = new(1, 25);
    private static readonly Version FirstWithTokensFromVolumes = new(1, 22);

    private readonly TempDirectory _directory = new("control-plane");
    private readonly CertificateAuthority _authority = new();
    private readonly ControlPlaneNetwork? _network;
    private readonly IEnumerable<string> _more;
    private readonly IssuedCertificate _adminCertificate;
    private readonly HttpClient _admin;
    private Etcd? _etcd;
    private ServerProcess? _apiServer;
    private int _apiServerPort;

    private ControlPlane(ControlPlaneNetwork? network, IEnumerable<string> more)
    {
        _network = network;
        _more = more;
        _adminCertificate = _authority.IssueClient(Admin, ["system:masters"]);
        _admin = _authority.CreateClient(_adminCertificate);
        _directory.Write("ca.pem", _authority.CertificatePem);
        Write("kube-apiserver", _authority.IssueServer("kube-apiserver", network is null ? [] : [network.Address, network.ServiceAddress]));
        using var serviceAccounts = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        _directory.Write("service-accounts.key", serviceAccounts.ExportPkcs8PrivateKeyPem());
        _directory.Write("service-accounts.pub", serviceAccounts.ExportSubjectPublicKeyInfoPem());
    }

    /// <summary>What a machine needs: <c>TestTools.WhyMissing(ControlPlane.Programs)</c>.</summary>
    public static ReadOnlySpan<string> Programs => new[] { "etcd", "kube-apiserver", "kubectl" };

    /// <summary>The API server's URL, <c>https://127.0.0.1:PORT/</c> unless it was given another address.</summary>
    public Uri Url => new($"https://{Address}:{_apiServerPort}/");

    private IPAddress Address => _network?.Address ?? IPAddress.Loopback;

    /// <summary>A kubeconfig file of an administrator (group <c>system:masters</c>).</summary>
    public string KubeconfigPath => _directory.PathOf("kubeconfig");

    /// <summary>The API server's version, for example 1.20.2.</summary>
    public Version ServerVersion { get; private set; } = new(0, 0);

    /// <summary>
    /// Whether a server of this age makes a Secret with an everlasting token for each service account. Here it gives pods tokens as current
    /// ones do, bound and short-lived, so that nothing depends on those Secrets.
    /// </summary>
    internal bool WouldMakeTokenSecrets => ServerVersion < FirstWithTokensFromVolumes;

    /// <summary>Whether the server evaluates CEL rules in a CRD (<c>x-kubernetes-validations</c>); older ones drop them.</summary>
    public bool SupportsCel => ServerVersion >= FirstWithCel;

    /// <summary>Everything that the API server logged.</summary>
    public string ApiServerLog => File.ReadAllText(_directory.PathOf("kube-apiserver.log"));

    /// <summary>Starts etcd and the API server and returns when <c>/readyz</c> and the namespace <c>default</c> are there.</summary>
    /// <exception cref="FileNotFoundException">A program of <see cref="Programs"/> is not on this machine.</exception>
    /// <exception cref="TestToolFailedException">A server does not start; the message holds the end of its log.</exception>
    /// <param name="cancellationToken">Stops the wait, and the servers.</param>
    /// <param name="more">Further arguments of the API server.</param>
    public static Task<ControlPlane> StartAsync(CancellationToken cancellationToken = default, params IEnumerable<string> more) =>
        StartAsync(null, cancellationToken, more);

    /// <summary>The same for a cluster with nodes, which reach the API server over <paramref name="network"/>.</summary>
    internal static async Task<ControlPlane> StartAsync(ControlPlaneNetwork? network, CancellationToken cancellationToken, params IEnumerable<string> more)
    {
        if (TestTools.WhyMissing(Programs) is { } reason) throw new FileNotFoundException(reason);
        var controlPlane = new ControlPlane(network, more);
        try
        {
            var version = await Command.RunAsync("kube-apiserver", ["--version"], cancellationToken: cancellationToken);
            controlPlane.ServerVersion = ParseVersion(version.EnsureSuccess().Stdout.Trim().Split(' ')[^1]);
            controlPlane._etcd = await Etcd.StartAsync(controlPlane._directory, controlPlane._authority, controlPlane.IsOkAsync, cancellationToken);
            await controlPlane.StartApiServerAsync(cancellationToken);
            return controlPlane;
        }
        catch
        {
            await controlPlane.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs <c>kubectl</c> as the administrator. A failing exit code is a result, not an exception.</summary>
    public Task<CommandResult> KubectlAsync(params string[] args) => KubectlAsync(args, stdin: null);

    /// <summary>Runs <c>kubectl</c> as the administrator, with <paramref name="stdin"/> for <c>-f -</c>.</summary>
    public Task<CommandResult> KubectlAsync(
        IEnumerable<string> args, string? stdin, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        Command.RunAsync(
            "kubectl",
            // kubectl keeps what a server offers by host and port, and another control plane may have had this port before.
            ["--kubeconfig", KubeconfigPath, "--cache-dir", _directory.PathOf("kubectl-cache"), .. args],
            stdin: stdin,
            timeout: timeout,
            cancellationToken: cancellationToken);

    /// <summary>Applies manifests given as text.</summary>
    /// <exception cref="InvalidOperationException">kubectl refused; the message is its own.</exception>
    public async Task<CommandResult> ApplyAsync(string manifests, CancellationToken cancellationToken = default) =>
        (await KubectlAsync(["apply", "-f", "-"], manifests, cancellationToken: cancellationToken)).EnsureSuccess();

    /// <summary>Applies the CRDs of a file or folder and waits until they are served.</summary>
    /// <remarks>kubectl refuses CEL rules to a server that does not know them unless it is told not to look; the server drops them.</remarks>
    /// <exception cref="InvalidOperationException">kubectl refused; the message is its own.</exception>
    public async Task ApplyCrdsAsync(string path, CancellationToken cancellationToken = default)
    {
        string[] validation = SupportsCel ? [] : ["--validate=false"];
        string[] apply = ["apply", "-f", path, .. validation];
        string[] wait = ["wait", "--for=condition=Established", "--timeout=30s", "-f", path];
        (await KubectlAsync(apply, null, cancellationToken: cancellationToken)).EnsureSuccess();
        (await KubectlAsync(wait, null, cancellationToken: cancellationToken)).EnsureSuccess();
    }

    /// <summary>Every object of the cluster, <c>API-VERSION KIND NAMESPACE/NAME</c>, but those that come and go by themselves.</summary>
    public async Task<IReadOnlyList<string>> ListObjectsAsync(CancellationToken cancellationToken = default)
    {
        const string Line = """jsonpath={range .items[*]}{.apiVersion} {.kind} {.metadata.namespace}/{.metadata.name}{"\n"}{end}""";
        var resources = (await RunAsync("api-resources", "--verbs=list", "-o", "name"))
            .Where(resource => !resource.StartsWith("events", StringComparison.Ordinal) && resource != "componentstatuses");
        var objects = await RunAsync("get", string.Join(',', resources), "--all-namespaces", "--ignore-not-found", "-o", Line);

        // Leases of the API server itself, from 1.26 on.
        return [.. objects.Where(item => !item.Contains(" Lease kube-system/", StringComparison.Ordinal)).Order()];

        async Task<string[]> RunAsync(params string[] args) =>
            (await KubectlAsync(args, null, cancellationToken: cancellationToken)).EnsureSuccess()
                .Stdout.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>
    /// Writes a kubeconfig file for a user without any right but those that RBAC gives to <paramref name="name"/> or
    /// <paramref name="groups"/>, and returns its path. A service account is the user <c>system:serviceaccount:NAMESPACE:NAME</c>.
    /// </summary>
    public async Task<string> CreateUserKubeconfigAsync(string name, params string[] groups)
    {
        var path = _directory.PathOf($"kubeconfig-{Guid.NewGuid():N}");
        await File.WriteAllTextAsync(path, KubeconfigFor(name, _authority.IssueClient(name, groups)));
        return path;
    }

    /// <summary>The authority's certificate, a PEM file.</summary>
    internal string AuthorityPath => _directory.PathOf("ca.pem");

    /// <summary>What signs the tokens of service accounts, a PEM file.</summary>
    internal string ServiceAccountKeyPath => _directory.PathOf("service-accounts.key");

    /// <summary>A certificate for another server of this cluster.</summary>
    internal IssuedCertificate IssueServer(string name, IPAddress address) => _authority.IssueServer(name, address);

    /// <summary>Takes the API server away, as a crash would: connections break. etcd keeps every object.</summary>
    public async Task StopApiServerAsync()
    {
        if (_apiServer is not null) await _apiServer.DisposeAsync();
        _apiServer = null;
    }

    /// <summary>Starts the API server on its port again, after stopping it if it runs, and returns when it is ready.</summary>
    /// <exception cref="TestToolFailedException">It does not start, for example because another process has the port by now.</exception>
    public async Task RestartApiServerAsync(CancellationToken cancellationToken = default)
    {
        await StopApiServerAsync();
        if (!await TryStartApiServerAsync(cancellationToken))
            throw new TestToolFailedException($"{Url} was taken by another process while the API server was down");
    }

    /// <summary>Has etcd forget every revision but the present one.</summary>
    /// <remarks>
    /// An API server keeps the latest events in a cache of its own and does not ask etcd for them, unless it was started with
    /// <c>--watch-cache=false</c>.
    /// </remarks>
    public Task CompactAsync(CancellationToken cancellationToken = default) => _etcd!.CompactAsync(_admin, cancellationToken);

    /// <summary>A way to the API server on which a test makes trouble; whoever takes it is the administrator.</summary>
    /// <returns>The proxy, and a kubeconfig file that leads over it.</returns>
    public async Task<(FaultyProxy Proxy, string KubeconfigPath)> StartProxyAsync()
    {
        var proxy = await FaultyProxy.StartAsync(Url, _admin);
        return (proxy, _directory.Write($"kubeconfig-{Guid.NewGuid():N}", Kubeconfig.Over(proxy.Address)));
    }

    /// <summary>Ends both servers and deletes their data.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopApiServerAsync();
        if (_etcd is not null) await _etcd.DisposeAsync();
        _admin.Dispose();
        _authority.Dispose();
        _directory.Dispose();
    }

    private async Task StartApiServerAsync(CancellationToken cancellationToken)
    {
        do
        {
            _apiServerPort = FreePort.Pick();
        }
        while (!await TryStartApiServerAsync(cancellationToken));

        await File.WriteAllTextAsync(KubeconfigPath, KubeconfigFor(Admin, _adminCertificate), cancellationToken);
    }

    /// <returns>False when another process has the port.</returns>
    private async Task<bool> TryStartApiServerAsync(CancellationToken cancellationToken)
    {
        // Only flags that every release from 1.20 on knows.
        string[] args =
        [
            $"--bind-address={Address}",
            // Not guessed from the default route, which a machine without network does not have.
            $"--advertise-address={Address}",
            $"--secure-port={_apiServerPort}",
            $"--etcd-servers={_etcd!.Url}",
            $"--etcd-cafile={_directory.PathOf("ca.pem")}",
            $"--etcd-certfile={_directory.PathOf("kube-apiserver.pem")}",
            $"--etcd-keyfile={_directory.PathOf("kube-apiserver.key")}",
            $"--tls-cert-file={_directory.PathOf("kube-apiserver.pem")}",
            $"--tls-private-key-file={_directory.PathOf("kube-apiserver.key")}",
            $"--client-ca-file={_directory.PathOf("ca.pem")}",
            $"--cert-dir={_directory.FullPath}",
            "--service-account-issuer=https://kubernetes.default.svc",
            $"--service-account-key-file={_directory.PathOf("service-accounts.pub")}",
            $"--service-account-signing-key-file={_directory.PathOf("service-accounts.key")}",
            "--allow-privileged=true",
            .. _network is null ? WithoutNodes : ForNodes(_network),
            .. _more,
        ];
        _apiServer = await StartAsync("kube-apiserver", args, IsReadyAsync, cancellationToken);
        return _apiServer is not null;

        async Task<bool> IsReadyAsync(CancellationToken token) =>
            await IsOkAsync(new Uri(Url, "readyz"), token) && await IsOkAsync(new Uri(Url, "api/v1/namespaces/default"), token);
    }

    private static string[] WithoutNodes { get; } =
    [
        "--authorization-mode=RBAC",
        // Without a controller manager no namespace gets its default service account, and no pod could be created.
        "--disable-admission-plugins=ServiceAccount",
        "--service-cluster-ip-range=10.0.0.0/24",
        // The endpoint of the service `kubernetes` may not be a loopback address.
        "--endpoint-reconciler-type=none",
    ];

    private string[] ForNodes(ControlPlaneNetwork network) =>
    [
        "--authorization-mode=Node,RBAC",
        .. WouldMakeTokenSecrets ? ["--feature-gates=BoundServiceAccountTokenVolume=true"] : Array.Empty<string>(),
        $"--service-cluster-ip-range={network.ServiceRange}",
        // For logs and exec. A node's name does not resolve.
        "--kubelet-preferred-address-types=InternalIP",
        $"--kubelet-certificate-authority={AuthorityPath}",
        $"--kubelet-client-certificate={_directory.PathOf("kube-apiserver.pem")}",
        $"--kubelet-client-key={_directory.PathOf("kube-apiserver.key")}",
    ];

    private Task<ServerProcess?> StartAsync(
        string program, string[] args, Func<CancellationToken, Task<bool>> answers, CancellationToken cancellationToken) =>
        ServerProcess.TryStartAsync(program, args, _directory.PathOf($"{program}.log"), answers, cancellationToken);

    /// <summary>GETs a path of the API server as the administrator; null when there is no such object.</summary>
    /// <exception cref="HttpRequestException">The API server is down, or refuses.</exception>
    public async Task<JsonDocument?> GetJsonAsync(string path, CancellationToken cancellationToken = default)
    {
        using var answer = await _admin.GetAsync(new Uri(Url, path), cancellationToken);
        if (answer.StatusCode == HttpStatusCode.NotFound) return null;
        answer.EnsureSuccessStatusCode();
        return await JsonDocument.ParseAsync(await answer.Content.ReadAsStreamAsync(cancellationToken), cancellationToken: cancellationToken);
    }

    /// <summary>PATCHes an object with a JSON merge patch (RFC 7396) as the administrator, without the time that a kubectl needs to start.</summary>
    /// <exception cref="HttpRequestException">The API server is down, or refuses.</exception>
    public async Task MergeAsync(string path, string patch, CancellationToken cancellationToken = default)
    {
        using var body = new StringContent(patch, new MediaTypeHeaderValue("application/merge-patch+json"));
        using var answer = await _admin.PatchAsync(new Uri(Url, path), body, cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Whether a server of this cluster answers that all is well.</summary>
    internal async Task<bool> IsOkAsync(Uri url, CancellationToken cancellationToken)
    {
        using var answer = await _admin.GetAsync(url, cancellationToken);
        return answer.IsSuccessStatusCode;
    }

    private string KubeconfigFor(string user, IssuedCertificate certificate) =>
        Kubeconfig.For(Url, _authority.CertificatePem, user, certificate);

    private void Write(string name, IssuedCertificate certificate)
    {
        _directory.Write($"{name}.pem", certificate.CertificatePem);
        _directory.Write($"{name}.key", certificate.PrivateKeyPem);
    }

    // v1.20.2, v1.36.0-rc.1, v1.34.1+k3s1
    private static Version ParseVersion(string gitVersion) => Version.Parse(gitVersion.TrimStart('v').Split('-', '+')[0]);
}
