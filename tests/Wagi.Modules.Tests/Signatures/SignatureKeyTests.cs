using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Wagi.Modules.Signatures;

namespace Wagi.Modules.Tests.Signatures;

public sealed class SignatureKeyTests
{
    /// <summary>A key as <c>cosign generate-key-pair</c> writes it, without header and footer.</summary>
    public const string P256 = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAErPJQBarQEXeRHgAnh6W9WcMtNhwDzdlQOuS1itvKoBrMcg9RFc/LnNguqkFbM7jj48F0AkPTdLaVXw7iR+LNQg==";

    private const string Ed25519 = "MCowBQYDK2VwAyEAMthURPOMRCZ8tTMvPV3iV40K+x2laja+Z3qzSlIH2TI=";

    private static readonly byte[] Data = [.. "what is signed"u8];

    [Fact]
    public void Pem_AndItsBody_AreTheSameKey()
    {
        var pem = $"\n-----BEGIN PUBLIC KEY-----\r\n{P256[..64]}\r\n{P256[64..]}\r\n-----END PUBLIC KEY-----\r\n";
        foreach (var text in new[] { P256, pem, $"{P256[..64]}\n{P256[64..]}\n" })
        {
            Assert.True(SignatureKey.TryParse(text, out var key, out _));
            Assert.Equal(P256, key.Text);
        }
    }

    /// <summary>cosign 2 takes SHA-256 for all, cosign 3 what is as strong as the curve.</summary>
    [Theory]
    [InlineData("nistP256", "SHA256", true)]
    [InlineData("nistP384", "SHA256", true)]
    [InlineData("nistP384", "SHA384", true)]
    [InlineData("nistP521", "SHA256", true)]
    [InlineData("nistP521", "SHA512", true)]
    [InlineData("nistP256", "SHA1", false)]
    [InlineData("nistP256", "SHA512", false)]
    public void EcdsaSignature_IsVerified(string curve, string hash, bool accepted)
    {
        using var ecdsa = ECDsa.Create(ECCurve.CreateFromFriendlyName(curve));
        var key = Parse(ecdsa.ExportSubjectPublicKeyInfo());
        var signature = ecdsa.SignData(Data, new HashAlgorithmName(hash), DSASignatureFormat.Rfc3279DerSequence);

        Assert.Equal(accepted, key.Verify(Data, signature));
        AssertNothingElseIsAccepted(key, signature);
    }

    [Theory]
    [InlineData(2048, "SHA256", true)]
    [InlineData(4096, "SHA256", true)]
    [InlineData(2048, "SHA1", false)]
    public void RsaSignature_IsVerified(int bits, string hash, bool accepted)
    {
        using var rsa = RSA.Create(bits);
        var key = Parse(rsa.ExportSubjectPublicKeyInfo());
        var signature = rsa.SignData(Data, new HashAlgorithmName(hash), RSASignaturePadding.Pkcs1);

        Assert.Equal(accepted, key.Verify(Data, signature));
        AssertNothingElseIsAccepted(key, signature);
    }

    [Fact]
    public void WhatIsNoKeyToVerifyWith_IsRefused_WithTheCause()
    {
        using var weak = RSA.Create(1024);
        using var odd = ECDsa.Create(ECCurve.CreateFromFriendlyName("secp256k1"));
        using var dsa = DSA.Create(1024);
        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=a", pair, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddDays(1));
        var point = Convert.FromBase64String(P256);
        point[^1] ^= 1;

        AssertRefused("1024", Convert.ToBase64String(weak.ExportSubjectPublicKeyInfo()));
        AssertRefused("P-256, P-384 or P-521", Convert.ToBase64String(odd.ExportSubjectPublicKeyInfo()));
        AssertRefused("1.2.840.10040.4.1 is not supported", Convert.ToBase64String(dsa.ExportSubjectPublicKeyInfo()));
        AssertRefused("Ed25519", Ed25519);
        AssertRefused("PRIVATE KEY and not a public key", pair.ExportPkcs8PrivateKeyPem());
        AssertRefused("CERTIFICATE and not a public key", certificate.ExportCertificatePem());
        AssertRefused("not a public key", Convert.ToBase64String(point));
        AssertRefused("not a public key", "AAAA");
        AssertRefused("behind the public key", Convert.ToBase64String([.. Convert.FromBase64String(P256), 0]));
        AssertRefused("not a PEM", "-----BEGIN PUBLIC KEY-----");
        AssertRefused("not base64", "cosign.pub");
        AssertRefused("characters", "");
        AssertRefused("characters", null);
        AssertRefused("characters", new string('A', 5000));
    }

    private static void AssertRefused(string expected, string? text)
    {
        Assert.False(SignatureKey.TryParse(text, out var key, out var error));
        Assert.Null(key);
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    private static void AssertNothingElseIsAccepted(SignatureKey key, byte[] signature)
    {
        byte[] damaged = [.. signature];
        damaged[^1] ^= 1;
        Assert.False(key.Verify([.. Data, 0], signature));
        Assert.False(key.Verify(Data, damaged));
        Assert.False(key.Verify(Data, signature.AsSpan(1)));
        Assert.False(key.Verify(Data, [.. signature, 0]));
        Assert.False(key.Verify(Data, []));
    }

    private static SignatureKey Parse(byte[] subjectPublicKeyInfo)
    {
        Assert.True(SignatureKey.TryParse(Convert.ToBase64String(subjectPublicKeyInfo), out var key, out var error), error);
        return key;
    }
}
