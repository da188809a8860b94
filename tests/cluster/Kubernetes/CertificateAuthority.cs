using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Wagi.TestCluster.Kubernetes;

/// <summary>
/// The one authority of a control plane: its servers and its users have certificates from it, so that nothing of one control plane is
/// taken for a part of another that runs beside it.
/// </summary>
internal sealed class CertificateAuthority : IDisposable
{
    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");
    private static readonly Oid ClientAuthentication = new("1.3.6.1.5.5.7.3.2");

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _certificate;

    public CertificateAuthority()
    {
        var request = new CertificateRequest("CN=wagi-test-ca", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var now = DateTimeOffset.UtcNow;
        _certificate = request.CreateSelfSigned(now.AddHours(-1), now.AddDays(30));
    }

    public string CertificatePem => _certificate.ExportCertificatePem();

    /// <summary>
    /// A certificate for a server on 127.0.0.1 and on <paramref name="addresses"/>, good for a client too (etcd asks that of its own).
    /// </summary>
    public IssuedCertificate IssueServer(string name, params IEnumerable<IPAddress> addresses) =>
        Issue(Subject(name, []), [IPAddress.Loopback, .. addresses]);

    /// <summary>A client certificate, from which Kubernetes reads the user (common name) and the groups (organizations).</summary>
    public IssuedCertificate IssueClient(string user, IEnumerable<string> groups) => Issue(Subject(user, groups), []);

    /// <summary>Whether <paramref name="certificate"/> was issued here.</summary>
    public bool Issued(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(_certificate);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(certificate);
    }

    /// <summary>A client that trusts the servers of this authority, and shows them this certificate.</summary>
    public HttpClient CreateClient(IssuedCertificate user) =>
        new(new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                ClientCertificates = [X509Certificate2.CreateFromPem(user.CertificatePem, user.PrivateKeyPem)],
                RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is X509Certificate2 server && Issued(server),
            },
        });

    public void Dispose()
    {
        _certificate.Dispose();
        _key.Dispose();
    }

    private static X500DistinguishedName Subject(string commonName, IEnumerable<string> organizations)
    {
        var subject = new X500DistinguishedNameBuilder();
        foreach (var organization in organizations) subject.AddOrganizationName(organization);
        subject.AddCommonName(commonName);
        return subject.Build();
    }

    /// <param name="subject">User and groups of a client, or the name of a server.</param>
    /// <param name="addresses">Where the server listens; none for a client.</param>
    private IssuedCertificate Issue(X500DistinguishedName subject, IReadOnlyCollection<IPAddress> addresses)
    {
        var server = addresses.Count > 0;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        OidCollection usages = server ? [ServerAuthentication, ClientAuthentication] : [ClientAuthentication];
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(usages, false));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_certificate, true, false));
        if (server)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName("localhost");
            foreach (var address in addresses) names.AddIpAddress(address);
            request.CertificateExtensions.Add(names.Build());
        }

        // Positive and without leading zeros: current servers read a certificate with another serial number as malformed (RFC 5280 §4.1.2.2).
        var serial = Guid.NewGuid().ToByteArray();
        serial[0] = (byte)((serial[0] & 0x3F) | 0x40);
        using var certificate = request.Create(_certificate, _certificate.NotBefore, _certificate.NotAfter, serial);
        return new IssuedCertificate(certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }
}
