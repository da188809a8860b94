using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Wagi.Modules.Network;

namespace Wagi.Modules.Tests.Network;

/// <summary>Real servers with TLS, and whom a client believes that they are.</summary>
public sealed class CertificateTrustTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("trust").FullName;
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _key.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task ServerOfAnAuthorityInTheFile_IsBelieved_AndOnlyWithIt()
    {
        using var authority = Authority("company");
        using var server = Issue(authority, "localhost");
        var trust = CertificateTrust.Read(Write(authority));

        Assert.Equal("hello", await GetAsync(server, "localhost", trust));
        await Assert.ThrowsAsync<HttpRequestException>(() => GetAsync(server, "localhost", trust: null));
    }

    [Fact]
    public async Task ServerOfAnotherAuthority_OrWithAnotherName_IsNot()
    {
        using var authority = Authority("company");
        using var other = Authority("company");
        using var stranger = Issue(other, "localhost");
        using var misnamed = Issue(authority, "example.com");
        var trust = CertificateTrust.Read(Write(authority));

        await Assert.ThrowsAsync<HttpRequestException>(() => GetAsync(stranger, "localhost", trust));
        await Assert.ThrowsAsync<HttpRequestException>(() => GetAsync(misnamed, "localhost", trust));
        Assert.Equal("hello", await GetAsync(misnamed, "localhost", CertificateTrust.Unchecked));
    }

    [Fact]
    public void FileWithoutCertificates_IsRefused()
    {
        var path = Path.Combine(_folder, "key.pem");
        File.WriteAllText(path, _key.ExportPkcs8PrivateKeyPem());

        Assert.Equal("there is no certificate in it, in PEM", Assert.Throws<CryptographicException>(() => CertificateTrust.Read(path)).Message);
        Assert.Throws<FileNotFoundException>(() => CertificateTrust.Read(path + ".none"));
    }

    private static async Task<string> GetAsync(X509Certificate2 certificate, string host, CertificateTrust? trust)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = ServeAsync(listener, certificate);
        using var handler = new SocketsHttpHandler();
        new AddressGuard(new AddressRules(), trust).Protect(handler);
        using var client = new HttpClient(handler);
        try
        {
            return await client.GetStringAsync(new Uri($"https://{host}:{((IPEndPoint)listener.LocalEndpoint).Port}/"), Cancellation);
        }
        finally
        {
            await serving.ContinueWith(_ => { }, Cancellation);
        }
    }

    private static async Task ServeAsync(TcpListener listener, X509Certificate2 certificate)
    {
        using var connection = await listener.AcceptTcpClientAsync(Cancellation);
        await using var stream = new SslStream(connection.GetStream());
        await stream.AuthenticateAsServerAsync(certificate);
        _ = await stream.ReadAsync(new byte[4096], Cancellation);
        await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"u8.ToArray(), Cancellation);
    }

    private static X509Certificate2 Authority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    private X509Certificate2 Issue(X509Certificate2 authority, string name)
    {
        var request = new CertificateRequest($"CN={name}", _key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(authority, authority.NotBefore, authority.NotAfter, [1, 2, 3, 4]);
        return certificate.CopyWithPrivateKey(_key);
    }

    private string Write(X509Certificate2 authority)
    {
        var path = Path.Combine(_folder, "ca.crt");
        File.WriteAllText(path, authority.ExportCertificatePem());
        return path;
    }
}
