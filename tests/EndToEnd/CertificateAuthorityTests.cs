using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Wagi.TestCluster;
using Wagi.TestCluster.Processes;
using Wagi.TestCluster.Product;

namespace Wagi.EndToEnd;

/// <summary>Servers whose certificates are of an authority that the system does not know.</summary>
public sealed class CertificateAuthorityTests : IDisposable
{
    private readonly TempDirectory _directory = new("authority");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ModulesReachAServer_OfAnAuthorityThatIsNamed_AndNoOther()
    {
        Assert.SkipWhen(!File.Exists(Checkout.Wagi), "the programs are not published: run 'make publish'");
        var (hello, fetch) = (Checkout.Sample("hello-c"), Checkout.Sample("fetch-c"));
        Assert.SkipWhen(hello is null || fetch is null, Checkout.WhyNoSample("fetch-c") ?? Checkout.WhyNoSample("hello-c") ?? "");
        var (certificate, key) = WriteCertificate();
        var served = _directory.Write("served.toml", $"[[module]]\nroute = \"/\"\nmodule = \"{hello}\"\n");
        await using var server = await RuntimeProcess.StartAsync(["-c", served, "--tls-cert", certificate, "--tls-key", key], Cancellation);
        var origin = server.Client.BaseAddress!.GetLeftPart(UriPartial.Authority);
        var asking = _directory.Write("asking.toml", $"[[module]]\nroute = \"/fetch\"\nmodule = \"{fetch}\"\nallowed_hosts = [\"{origin}\"]\n");
        var path = $"/fetch?url={Uri.EscapeDataString(origin + "/")}";

        await using (var believing = await RuntimeProcess.StartAsync(["-c", asking, "--ca-file", certificate], Cancellation))
        {
            Assert.Equal((HttpStatusCode.OK, "Hello, world (version 1)\n"), await GetAsync(believing, path));
        }

        await using var doubting = await RuntimeProcess.StartAsync(["-c", asking], Cancellation);
        Assert.Equal(HttpStatusCode.BadGateway, (await GetAsync(doubting, path)).Status);
    }

    [Theory]
    [InlineData("", "there is no certificate in it, in PEM")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "there is no certificate in it, in PEM")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "certificate 1 in it is broken: ")]
    [InlineData(null, "it is a folder; name a file with certificates in PEM")]
    public async Task FileWithoutCertificates_IsNamed(string? content, string expected)
    {
        Assert.SkipWhen(!File.Exists(Checkout.Wagi) || !File.Exists(Checkout.Operator), "the programs are not published: run 'make publish'");
        var file = content is null ? _directory.PathOf("") : _directory.Write("authorities.pem", content);
        foreach (string[] command in new[] { [Checkout.Wagi, "check", "-c", "/dev/null"], new[] { Checkout.Operator, "run" } })
        {
            var result = await Command.RunAsync(command[0], [.. command[1..], "--ca-file", file], cancellationToken: Cancellation);

            Assert.Equal(2, result.ExitCode);
            Assert.Contains($"--ca-file {file}: {expected}", result.Stderr, StringComparison.Ordinal);
        }
    }

    public void Dispose() => _directory.Dispose();

    private static async Task<(HttpStatusCode Status, string Body)> GetAsync(RuntimeProcess runtime, string path) => await Eventually.Becomes(
        async token =>
        {
            using var response = await runtime.Client.GetAsync(path, token);
            return (response.StatusCode, await response.Content.ReadAsStringAsync(token));
        },
        answer => answer.StatusCode is not (HttpStatusCode.NotFound or HttpStatusCode.ServiceUnavailable), cancellationToken: Cancellation);

    private (string Certificate, string Key) WriteCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1));
        return (_directory.Write("tls.crt", certificate.ExportCertificatePem()), _directory.Write("tls.key", key.ExportPkcs8PrivateKeyPem()));
    }
}
