namespace Wagi.TestCluster.Kubernetes;

/// <summary>A certificate and its private key, both as PEM text.</summary>
internal sealed record IssuedCertificate(string CertificatePem, string PrivateKeyPem);
