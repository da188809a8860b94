using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Wagi.Kubernetes.ApiServer;
using Wagi.TestCluster;

namespace Wagi.Kubernetes.Tests.ApiServer;

/// <summary>Who is believed, and who asks: a server with TLS that says what it sees, since the real one does not.</summary>
public sealed class ApiServerConnectionTests : IAsyncLifetime
{
    private readonly TempDirectory _directory = new("connection");
    private readonly X509Certificate2 _authority = CreateAuthority("the cluster's");
    private WebApplication _server = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Url => _server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    public async ValueTask InitializeAsync()
    {
        var certificate = Issue("kube-apiserver", names => { names.AddIpAddress(IPAddress.Loopback); names.AddDnsName("api.example"); });
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(https =>
        {
            https.ServerCertificate = certificate;
            https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
            https.AllowAnyClientCertificate();
        })));
        _server = builder.Build();
        _server.Run(async context =>
        {
            var who = (await context.Connection.GetClientCertificateAsync())?.Subject ?? context.Request.Headers.Authorization.ToString();
            await context.Response.WriteAsync(new JsonObject { ["metadata"] = new JsonObject { ["name"] = who } }.ToJsonString(), Cancellation);
        });
        await _server.StartAsync(Cancellation);
    }

    [Fact]
    public async Task Server_IsBelieved_IfTheKubeconfigsAuthorityVouchesForIt()
    {
        Assert.Equal("Bearer t", await AskAsync(Trusting(_authority), "token: t"));

        using var other = CreateAuthority("somebody's");
        var refusal = await Assert.ThrowsAsync<HttpRequestException>(() => AskAsync(Trusting(other), "token: t"));
        Assert.IsType<AuthenticationException>(refusal.InnerException);
    }

    [Fact]
    public async Task Server_IsNotBelieved_WithoutAnAuthorityThatTheSystemKnows()
    {
        var refusal = await Assert.ThrowsAsync<HttpRequestException>(() => AskAsync("", "token: t"));
        Assert.IsType<AuthenticationException>(refusal.InnerException);
    }

    [Fact]
    public async Task Server_HasToBeTheOneThatIsNamed()
    {
        Assert.Equal("Bearer t", await AskAsync(Trusting(_authority) + ", tls-server-name: api.example", "token: t"));

        var refusal = await Assert.ThrowsAsync<HttpRequestException>(() => AskAsync(Trusting(_authority) + ", tls-server-name: other.example", "token: t"));
        Assert.IsType<AuthenticationException>(refusal.InnerException);
    }

    [Fact]
    public async Task Server_IsBelievedUnseen_WhereTheKubeconfigSaysSo() =>
        Assert.Equal("Bearer t", await AskAsync(", insecure-skip-tls-verify: true", "token: t"));

    [Fact]
    public async Task User_IsWhomTheKubeconfigNames()
    {
        using var certificate = Issue("me");
        var data = $"client-certificate-data: {Base64(certificate.ExportCertificatePem())}, client-key-data: {Base64(certificate.GetRSAPrivateKey()!.ExportPkcs8PrivateKeyPem())}";
        var files = $"client-certificate: {_directory.Write("me.crt", certificate.ExportCertificatePem())}, "
            + $"client-key: {_directory.Write("me.key", certificate.GetRSAPrivateKey()!.ExportPkcs8PrivateKeyPem())}";

        Assert.Equal("CN=me", await AskAsync(Trusting(_authority), data));
        Assert.Equal("CN=me", await AskAsync(Trusting(_authority), files));
        Assert.Equal($"Basic {Base64("me:secret")}", await AskAsync(Trusting(_authority), "username: me, password: secret"));
    }

    [Fact]
    public async Task CertificateThatIsBroken_IsTheKubeconfigs()
    {
        var error = await Assert.ThrowsAsync<KubeconfigException>(() => AskAsync(
            Trusting(_authority), $"client-certificate-data: {Base64("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----")}, client-key-data: {Base64("nothing")}"));
        Assert.StartsWith("the client certificate of the kubeconfig, or its key, cannot be used: ", error.Message, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _authority.Dispose();
        _directory.Dispose();
    }

    private async Task<string> AskAsync(string cluster, string user)
    {
        var file = _directory.Write("config", $$"""
            apiVersion: v1
            kind: Config
            current-context: c
            contexts: [{ name: c, context: { cluster: c, user: u } }]
            clusters: [{ name: c, cluster: { server: "{{Url}}"{{cluster}} } }]
            users: [{ name: u, user: { {{user}} } }]
            """);
        using var client = new ApiServerClient("tests", Kubeconfig.Load(file, null));
        return (await client.GetAsync("/", ApiServerJsonContext.Default.PartialObject, accept: null, Cancellation)).Metadata.Name;
    }

    private static string Trusting(X509Certificate2 authority) => $", certificate-authority-data: {Base64(authority.ExportCertificatePem())}";

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static X509Certificate2 CreateAuthority(string name)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(2));
    }

    private X509Certificate2 Issue(string name, Action<SubjectAlternativeNameBuilder>? names = null)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        if (names is not null)
        {
            var alternatives = new SubjectAlternativeNameBuilder();
            names(alternatives);
            request.CertificateExtensions.Add(alternatives.Build());
        }

        using var issued = request.Create(_authority, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1), RandomNumberGenerator.GetBytes(8));
        return issued.CopyWithPrivateKey(key);
    }
}
