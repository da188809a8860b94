using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Wagi.Hosting.Supervision;
using Wagi.Runtime.Serving;
using Wagi.Runtime.Tls;
using Wagi.TestCluster;

namespace Wagi.Runtime.Tests.Tls;

public sealed class ServerCertificateTests : IDisposable
{
    private readonly TempDirectory _folder = new("tls");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private TlsOptions Options => new(_folder.PathOf("tls.crt"), _folder.PathOf("tls.key"));

    private void Issue(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1));
        _folder.Write("tls.crt", certificate.ExportCertificatePem());
        _folder.Write("tls.key", key.ExportPkcs8PrivateKeyPem());
    }

    private ServerCertificate Load() => new(Options, TimeProvider.System, NullLogger<ServerCertificate>.Instance);

    private static async Task<(string Subject, string Protocol)> GetAsync(string url, Version version)
    {
        var subject = "";
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) => (subject = certificate!.Subject).Length > 0;
        using var client = new HttpClient(handler) { DefaultRequestVersion = version, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        var protocol = await client.GetStringAsync(url, Cancellation);
        return (subject, protocol);
    }

    [Fact]
    public async Task Https_SpeaksBothVersions_AndShowsANewCertificateAsSoonAsItIsThere()
    {
        Issue("first");
        var certificate = Load();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var watching = certificate.RunAsync(new LoopProgress(TimeProvider.System), stop.Token);
        await using var application = KestrelApplication
            .CreateBuilder(new IPEndPoint(IPAddress.Loopback, 0), NullLoggerFactory.Instance, certificate).Build();
        application.Run(context => context.Response.WriteAsync(context.Request.Protocol, Cancellation));
        await application.StartAsync(Cancellation);
        var url = KestrelApplication.AddressOf(application);

        Assert.StartsWith("https://127.0.0.1:", url, StringComparison.Ordinal);
        Assert.Equal(("CN=first", "HTTP/1.1"), await GetAsync(url, HttpVersion.Version11));
        Assert.Equal(("CN=first", "HTTP/2"), await GetAsync(url, HttpVersion.Version20));

        Issue("second");
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        deadline.CancelAfter(TimeSpan.FromSeconds(20));
        while ((await GetAsync(url, HttpVersion.Version11)).Subject != "CN=second")
        {
            await Task.Delay(50, deadline.Token);
        }

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching);
        await application.StopAsync(Cancellation);
    }

    [Fact]
    public void KeyOfAnotherCertificate_IsRefused_WithBothNames()
    {
        Issue("first");
        var key = File.ReadAllText(Options.KeyPath);
        Issue("second");
        _folder.Write("tls.key", key);
        var error = Assert.Throws<IOException>(Load);
        Assert.Contains($"the certificate '{Options.CertificatePath}' cannot be used with the key '{Options.KeyPath}'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MissingFile_IsSaid()
    {
        Assert.Contains("tls.crt", Assert.Throws<IOException>(Load).Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();
}
