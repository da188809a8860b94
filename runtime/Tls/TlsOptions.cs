namespace Wagi.Runtime.Tls;

/// <summary>What the main port shows to clients.</summary>
/// <param name="CertificatePath">Absolute path of a PEM file: the certificate, then the intermediate ones.</param>
/// <param name="KeyPath">Absolute path of a PEM file: the private key of the first certificate, not encrypted.</param>
internal sealed record TlsOptions(string CertificatePath, string KeyPath);
