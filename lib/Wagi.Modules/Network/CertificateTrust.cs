using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Wagi.Modules.Network;

/// <summary>Certificate authorities that servers are trusted for, beside those of the system.</summary>
public sealed class CertificateTrust
{
    /// <summary>A certificate for servers (RFC 5280 §4.2.1.12).</summary>
    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");

    private readonly X509Certificate2Collection? _authorities;

    private CertificateTrust(X509Certificate2Collection? authorities) => _authorities = authorities;

    /// <summary>Whoever a server says that it is: for tests, where nobody is between.</summary>
    public static CertificateTrust Unchecked { get; } = new(null);

    /// <summary>Reads the authorities of a file.</summary>
    /// <param name="path">A file with certificates in PEM (RFC 7468).</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It must not be read.</exception>
    /// <exception cref="CryptographicException">There is no certificate in it.</exception>
    public static CertificateTrust Read(string path)
    {
        if (Directory.Exists(path))
        {
            throw new IOException("it is a folder; name a file with certificates in PEM");
        }

        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPem(File.ReadAllText(path));
        }
        catch (CryptographicException exception)
        {
            throw new CryptographicException($"certificate {authorities.Count + 1} in it is broken: {exception.Message}", exception);
        }

        return authorities.Count > 0 ? new CertificateTrust(authorities) : throw new CryptographicException("there is no certificate in it, in PEM");
    }

    /// <summary>Lets an HTTP client believe them.</summary>
    /// <param name="handler">The client's handler, not used yet.</param>
    internal void Apply(SocketsHttpHandler handler)
    {
        if (_authorities is null)
        {
#pragma warning disable CA5359 // what was asked for
            handler.SslOptions.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
            return;
        }

        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck, // as HTTP clients have it otherwise
        };
        policy.ApplicationPolicy.Add(ServerAuthentication);
        policy.CustomTrustStore.AddRange(_authorities);
        using var system = new X509Store(StoreName.Root, StoreLocation.LocalMachine, OpenFlags.ReadOnly);
        policy.CustomTrustStore.AddRange(system.Certificates);
        handler.SslOptions.CertificateChainPolicy = policy;
    }
}
