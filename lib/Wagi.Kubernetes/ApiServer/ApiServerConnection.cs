using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using k8s;

namespace Wagi.Kubernetes.ApiServer;

/// <summary>
/// The way to an API server: TLS and credentials as KubernetesClient reads them from a kubeconfig or a pod. The client of that package has the
/// models of all of Kubernetes with it, 18 MB of native code.
/// </summary>
internal sealed class ApiServerConnection : IDisposable
{
    private readonly KubernetesClientConfiguration _configuration;

    /// <param name="configuration">Address and credentials.</param>
    /// <param name="handlers">What requests pass through on their way, the first one first.</param>
    /// <exception cref="KubeconfigException">The client certificate cannot be used.</exception>
    public ApiServerConnection(KubernetesClientConfiguration configuration, IEnumerable<DelegatingHandler> handlers)
    {
        _configuration = configuration;
        Address = new Uri(configuration.Host.EndsWith('/') ? configuration.Host : configuration.Host + "/");
        HttpMessageHandler way = CreateHandler(configuration);
        foreach (var handler in handlers.Reverse())
        {
            handler.InnerHandler = way;
            way = handler;
        }

        Http = new HttpClient(way) { Timeout = configuration.HttpClientTimeout };
    }

    /// <summary>Where it is; with a slash at the end.</summary>
    public Uri Address { get; }

    /// <summary>Sends requests there.</summary>
    public HttpClient Http { get; }

    /// <summary>Says who is asking, and whom, where the server has another name than its address.</summary>
    public async ValueTask PrepareAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        // .NET takes the name that a certificate has to be for from here.
        request.Headers.Host = string.IsNullOrEmpty(_configuration.TlsServerName) ? null : _configuration.TlsServerName;
        request.Headers.Authorization = await AuthorizeAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => Http.Dispose();

    /// <summary>Null: by the client certificate, or nobody.</summary>
    private async ValueTask<AuthenticationHeaderValue?> AuthorizeAsync(CancellationToken cancellationToken) => _configuration switch
    {
        { TokenProvider: { } provider } => await provider.GetAuthenticationHeaderAsync(cancellationToken),
        { AccessToken.Length: > 0 } => new AuthenticationHeaderValue("Bearer", _configuration.AccessToken),
        { Username.Length: > 0 } => new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{_configuration.Username}:{_configuration.Password}"))),
        _ => null,
    };

    private static SocketsHttpHandler CreateHandler(KubernetesClientConfiguration configuration)
    {
        var handler = new SocketsHttpHandler
        {
            // A watch may be silent for minutes: pings tell a quiet server from a dead one.
            KeepAlivePingDelay = TimeSpan.FromSeconds(15),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            EnableMultipleHttp2Connections = true,
        };
        var tls = handler.SslOptions;
        if (ReadClientCertificate(configuration) is { } certificate)
        {
            tls.ClientCertificates = [certificate];
            tls.LocalCertificateSelectionCallback = (_, _, certificates, _, _) => certificates[0];
        }

        if (configuration.SkipTlsVerify)
        {
#pragma warning disable CA5359 // what the kubeconfig asks for
            tls.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        else if (configuration.SslCaCerts is { Count: > 0 } authorities)
        {
            // These and no others, as for kubectl.
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.AddRange(authorities);
            tls.CertificateChainPolicy = policy;
        }

        return handler;
    }

    private static X509Certificate2? ReadClientCertificate(KubernetesClientConfiguration configuration)
    {
        try
        {
            return Pem(configuration.ClientCertificateData, configuration.ClientCertificateFilePath) is { } certificate
                && Pem(configuration.ClientCertificateKeyData, configuration.ClientKeyFilePath) is { } key
                    ? X509Certificate2.CreateFromPem(certificate, key)
                    : null;
        }
        catch (Exception exception) when (exception is CryptographicException or FormatException or IOException or UnauthorizedAccessException)
        {
            throw new KubeconfigException($"the client certificate of the kubeconfig, or its key, cannot be used: {exception.Message}");
        }
    }

    /// <summary>PEM (RFC 7468) as a kubeconfig has it, in Base64 or in a file, or as a program has given it; null: there is none.</summary>
    private static string? Pem(string? data, string? path) =>
        string.IsNullOrWhiteSpace(data) ? string.IsNullOrWhiteSpace(path) ? null : File.ReadAllText(path)
        : data.StartsWith("-----BEGIN", StringComparison.Ordinal) ? data
        : Encoding.UTF8.GetString(Convert.FromBase64String(data));
}
