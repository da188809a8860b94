using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Wagi.Modules.Signatures;

/// <summary>
/// A public key that modules are signed with: ECDSA on P-256, P-384 or P-521, or RSA with 2048 to 8192 bits, as <c>cosign</c> makes and
/// imports them.
/// </summary>
public sealed class SignatureKey
{
    /// <summary>How many keys an entry may list; each is tried on each signature.</summary>
    public const int MaxKeys = 16;

    // RSA with 8192 bits has 1420 characters in base64; its PEM has ends of lines besides.
    private const int MaxText = 4096;
    private const int MinRsaBits = 2048;
    private const int MaxRsaBits = 8192;

    private const string PemLabel = "PUBLIC KEY";
    private const string Expected = "give the PEM that begins with -----BEGIN PUBLIC KEY-----, or its lines of base64";

    private readonly byte[] _subjectPublicKeyInfo;
    private readonly bool _isRsa;
    private readonly HashAlgorithmName[] _hashes;

    private SignatureKey(byte[] subjectPublicKeyInfo, bool isRsa, HashAlgorithmName[] hashes)
    {
        _subjectPublicKeyInfo = subjectPublicKeyInfo;
        _isRsa = isRsa;
        _hashes = hashes;
        Text = Convert.ToBase64String(subjectPublicKeyInfo);
    }

    /// <summary>Base64 of the key's SubjectPublicKeyInfo (RFC 5280 §4.1.2.7): the body of its PEM on one line.</summary>
    public string Text { get; }

    /// <summary>Reads a key; <paramref name="error"/> says what is wrong with it.</summary>
    /// <param name="text">A PEM (RFC 7468 §13), or what is between its header and its footer.</param>
    /// <param name="key">The key, if the text is one.</param>
    /// <param name="error">What is wrong with it and what to write, otherwise.</param>
    public static bool TryParse(string? text, [NotNullWhen(true)] out SignatureKey? key, [NotNullWhen(false)] out string? error)
    {
        key = null;
        if (string.IsNullOrWhiteSpace(text) || text.Length > MaxText)
        {
            error = $"a public key has 1 to {MaxText} characters: {Expected}";
            return false;
        }

        if (!TryDecode(text, out var bytes, out error))
        {
            return false;
        }

        try
        {
            var info = PublicKey.CreateFromSubjectPublicKeyInfo(bytes, out var length);
            (key, error) = length < bytes.Length
                ? (null, $"there is something behind the public key; {Expected}")
                : info.Oid.Value switch
                {
                    "1.2.840.10045.2.1" => Ecdsa(bytes),
                    "1.2.840.113549.1.1.1" => Rsa(bytes),
                    // .NET 10 has no Ed25519, and signatures are nothing to verify with an implementation of one's own.
                    "1.3.101.112" => (null, "an Ed25519 key is not supported: sign with a key on the curve P-256, as 'cosign generate-key-pair' makes it"),
                    _ => (null, $"a public key of the algorithm {info.Oid.Value} is not supported: use ECDSA or RSA"),
                };
        }
        catch (CryptographicException)
        {
            error = $"this is not a public key: {Expected}";
        }

        return key is not null;
    }

    /// <summary>Whether the owner of this key signed <paramref name="data"/>; false for what is no signature at all.</summary>
    /// <param name="data">What is said to be signed.</param>
    /// <param name="signature">ECDSA: DER (RFC 3279 §2.2.3). RSA: PKCS #1 v1.5 (RFC 8017 §8.2).</param>
    public bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        try
        {
            if (_isRsa)
            {
                using var rsa = RSA.Create();
                rsa.ImportSubjectPublicKeyInfo(_subjectPublicKeyInfo, out _);
                return rsa.VerifyData(data, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            }

            using var ecdsa = ECDsa.Create();
            ecdsa.ImportSubjectPublicKeyInfo(_subjectPublicKeyInfo, out _);
            foreach (var hash in _hashes)
            {
                if (ecdsa.VerifyData(data, signature, hash, DSASignatureFormat.Rfc3279DerSequence))
                {
                    return true;
                }
            }

            return false;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private static bool TryDecode(string text, out byte[] bytes, [NotNullWhen(false)] out string? error)
    {
        error = null;
        var body = text.AsSpan();
        if (text.Contains("-----", StringComparison.Ordinal))
        {
            if (!PemEncoding.TryFind(text, out var pem))
            {
                (bytes, error) = ([], $"this is not a PEM: {Expected}");
                return false;
            }

            if (text[pem.Label] is not PemLabel)
            {
                (bytes, error) = ([], $"this is a {text[pem.Label]} and not a public key: {Expected}");
                return false;
            }

            body = body[pem.Base64Data];
        }

        bytes = new byte[body.Length];
        if (Convert.TryFromBase64Chars(body, bytes, out var length))
        {
            bytes = bytes[..length];
            return true;
        }

        error = $"this is not base64: {Expected}";
        return false;
    }

    private static (SignatureKey? Key, string? Error) Ecdsa(byte[] bytes)
    {
        using var ecdsa = ECDsa.Create();
        ecdsa.ImportSubjectPublicKeyInfo(bytes, out _);
        var curve = ecdsa.ExportParameters(includePrivateParameters: false).Curve;

        // cosign 2 takes SHA-256 for every curve, cosign 3 the hash that is as strong as the curve.
        HashAlgorithmName[] hashes = (curve.IsNamed ? curve.Oid.Value : null) switch
        {
            "1.2.840.10045.3.1.7" => [HashAlgorithmName.SHA256],
            "1.3.132.0.34" => [HashAlgorithmName.SHA384, HashAlgorithmName.SHA256],
            "1.3.132.0.35" => [HashAlgorithmName.SHA512, HashAlgorithmName.SHA256],
            _ => [],
        };
        return hashes.Length > 0
            ? (new SignatureKey(bytes, isRsa: false, hashes), null)
            : (null, "an ECDSA key must be on the curve P-256, P-384 or P-521");
    }

    private static (SignatureKey? Key, string? Error) Rsa(byte[] bytes)
    {
        using var rsa = RSA.Create();
        rsa.ImportSubjectPublicKeyInfo(bytes, out _);
        return rsa.KeySize is >= MinRsaBits and <= MaxRsaBits
            ? (new SignatureKey(bytes, isRsa: true, [HashAlgorithmName.SHA256]), null)
            : (null, $"an RSA key must have {MinRsaBits} to {MaxRsaBits} bits and this one has {rsa.KeySize}");
    }
}
