using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Wagi.TestCluster.Processes;

namespace Wagi.TestCluster.Kubernetes;

/// <summary>
/// The part of a current Kubernetes that serves CustomResourceDefinitions (<c>apiextensions-apiserver</c>), alone, with its etcd: what a CRD's
/// schema and CEL rules do on a server that may be years newer than the <see cref="ControlPlane"/> of this machine. It knows no namespaces,
/// Secrets or pods, and kubectl cannot speak to it.
/// </summary>
public sealed class CrdServer : IAsyncDisposable
{
    /// <summary>What a machine needs: <c>TestTools.WhyMissing(CrdServer.Programs)</c>.</summary>
    public static readonly string[] Programs = ["etcd", "apiextensions-apiserver"];

    private readonly TempDirectory _directory = new("crd-server");
    private readonly CertificateAuthority _authority = new();
    private readonly HttpClient _client;
    private Etcd? _etcd;
    private ServerProcess? _server;
    private Uri _url = new("https://127.0.0.1");

    private CrdServer()
    {
        _directory.Write("ca.pem", _authority.CertificatePem);
        // Whom it lets do everything without asking a core API server.
        _client = _authority.CreateClient(_authority.IssueClient("wagi-test-admin", ["system:masters"]));
    }

    /// <summary>Starts etcd and the server, and returns when it answers.</summary>
    /// <exception cref="FileNotFoundException">A program of <see cref="Programs"/> is not on this machine.</exception>
    /// <exception cref="TestToolFailedException">A server does not start; the message holds the end of its log.</exception>
    public static async Task<CrdServer> StartAsync(CancellationToken cancellationToken = default)
    {
        if (TestTools.WhyMissing(Programs) is { } reason) throw new FileNotFoundException(reason);
        var server = new CrdServer();
        try
        {
            server._etcd = await Etcd.StartAsync(server._directory, server._authority, server.IsOkAsync, cancellationToken);
            await server.StartServerAsync(cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Creates a CRD and waits until its objects are served at <paramref name="path"/>.</summary>
    /// <param name="manifest">The CRD, as YAML.</param>
    /// <param name="path">A collection of its objects: <c>/apis/GROUP/VERSION/namespaces/default/PLURAL</c>.</param>
    /// <exception cref="InvalidOperationException">The server refused it; the message is its own.</exception>
    public async Task CreateCrdAsync(string manifest, string path, CancellationToken cancellationToken = default)
    {
        var (status, message) = await CreateAsync("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", manifest, cancellationToken);
        if (status != HttpStatusCode.Created) throw new InvalidOperationException($"{status}: {message}");
        await Eventually.Becomes(
            token => IsOkAsync(new Uri(_url, path), token), served => served, cancellationToken: cancellationToken, waitingFor: $"{path} is served");
    }

    /// <summary>Creates an object from a manifest in YAML.</summary>
    /// <returns>201 and nothing, or the status and the message by which the server refuses it.</returns>
    public async Task<(HttpStatusCode Status, string Message)> CreateAsync(string path, string manifest, CancellationToken cancellationToken = default)
    {
        using var content = new StringContent(manifest, Encoding.UTF8, new MediaTypeHeaderValue("application/yaml"));
        using var answer = await _client.PostAsync(new Uri(_url, path), content, cancellationToken);
        var body = await answer.Content.ReadAsStringAsync(cancellationToken);
        return (answer.StatusCode, answer.IsSuccessStatusCode ? "" : (string?)JsonNode.Parse(body)?["message"] ?? body);
    }

    /// <summary>Ends both servers and deletes their data.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        if (_etcd is not null) await _etcd.DisposeAsync();
        _client.Dispose();
        _authority.Dispose();
        _directory.Dispose();
    }

    private async Task StartServerAsync(CancellationToken cancellationToken)
    {
        var certificate = _authority.IssueServer("apiextensions-apiserver");
        var tls = _directory.Write("server.pem", certificate.CertificatePem);
        var key = _directory.Write("server.key", certificate.PrivateKeyPem);
        // It insists on a core API server; nothing of what is tested here asks it.
        var none = _directory.Write("none.kubeconfig", Kubeconfig.For(new Uri("https://127.0.0.1:1"), _authority.CertificatePem, "nobody", _authority.IssueClient("nobody", [])));
        while (_server is null)
        {
            _url = new Uri($"https://127.0.0.1:{FreePort.Pick()}");
            string[] args =
            [
                "--bind-address=127.0.0.1",
                $"--secure-port={_url.Port}",
                $"--tls-cert-file={tls}",
                $"--tls-private-key-file={key}",
                $"--client-ca-file={_directory.PathOf("ca.pem")}",
                $"--etcd-servers={_etcd!.Url}",
                $"--etcd-cafile={_directory.PathOf("ca.pem")}",
                $"--etcd-certfile={tls}",
                $"--etcd-keyfile={key}",
                $"--kubeconfig={none}",
                $"--authentication-kubeconfig={none}",
                $"--authorization-kubeconfig={none}",
                "--authentication-skip-lookup",
                "--enable-priority-and-fairness=false",
                "--disable-admission-plugins=NamespaceLifecycle,MutatingAdmissionPolicy,MutatingAdmissionWebhook,ValidatingAdmissionPolicy,ValidatingAdmissionWebhook",
            ];
            _server = await ServerProcess.TryStartAsync(
                "apiextensions-apiserver",
                args,
                _directory.PathOf("apiextensions-apiserver.log"),
                // Of what it waits for, only the Services of a core API server never come.
                token => IsOkAsync(new Uri(_url, "readyz?exclude=informer-sync"), token),
                cancellationToken);
        }
    }

    private async Task<bool> IsOkAsync(Uri url, CancellationToken cancellationToken)
    {
        using var answer = await _client.GetAsync(url, cancellationToken);
        return answer.IsSuccessStatusCode;
    }
}
