using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Wagi.Hosting.Supervision;
using Wagi.Runtime.Configuration;

namespace Wagi.Runtime.Tls;

/// <summary>
/// The certificate of the main port. New connections get the new one as soon as its files have changed; files that do not fit
/// together, as while they are being replaced, change nothing.
/// </summary>
internal sealed partial class ServerCertificate
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly TlsOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private volatile SslStreamCertificateContext _current;
    private (FileStamp Certificate, FileStamp Key) _stamp;

    /// <exception cref="IOException">The files cannot be read, or hold no certificate with its key.</exception>
    public ServerCertificate(TlsOptions options, TimeProvider time, ILogger<ServerCertificate> logger)
    {
        _options = options;
        _time = time;
        _logger = logger;
        _stamp = Stamp();
        _current = Load();
    }

    /// <summary>The certificate with the intermediate ones, for a connection that begins now.</summary>
    public SslStreamCertificateContext Current => _current;

    /// <summary>Looks at the files every second, until <paramref name="cancellationToken"/>.</summary>
    public async Task RunAsync(LoopProgress progress, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, _time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            Look();
            progress.Completed();
        }
    }

    private void Look()
    {
        var stamp = Stamp();
        if (stamp == _stamp)
        {
            return;
        }

        _stamp = stamp;
        try
        {
            // The old one is not disposed: handshakes may be using it, and the next collection finds it.
            _current = Load();
            LogReloaded(_current.TargetCertificate.Subject, _current.TargetCertificate.NotAfter);
        }
        catch (IOException exception)
        {
            LogKept(exception.Message);
        }
    }

    private SslStreamCertificateContext Load()
    {
        try
        {
            var certificates = File.ReadAllText(_options.CertificatePath);
            var leaf = X509Certificate2.CreateFromPem(certificates, File.ReadAllText(_options.KeyPath));
            var chain = new X509Certificate2Collection();
            chain.ImportFromPem(certificates);
            chain.RemoveAt(0);
            return SslStreamCertificateContext.Create(leaf, chain, offline: true);
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            throw new IOException(
                $"the certificate '{_options.CertificatePath}' cannot be used with the key '{_options.KeyPath}': {exception.Message} "
                + "(both are PEM files; the key belongs to the first certificate and is not encrypted)",
                exception);
        }
    }

    private (FileStamp Certificate, FileStamp Key) Stamp() => (FileStamp.Of(_options.CertificatePath), FileStamp.Of(_options.KeyPath));

    [LoggerMessage(LogLevel.Information, "New certificate: {Subject}, valid until {NotAfter:u}")]
    private partial void LogReloaded(string subject, DateTime notAfter);

    [LoggerMessage(LogLevel.Warning, "The certificate that was loaded before stays: {Error}")]
    private partial void LogKept(string error);
}

/// <summary>What the main port shows to clients.</summary>
/// <param name="CertificatePath">Absolute path of a PEM file: the certificate, then the intermediate ones.</param>
/// <param name="KeyPath">Absolute path of a PEM file: the private key of the first certificate, not encrypted.</param>
internal sealed record TlsOptions(string CertificatePath, string KeyPath);
