using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Wagi.Oci.Content;

namespace Wagi.Oci.Signatures;

/// <summary>A signature as cosign stores it: what was signed, and what that says.</summary>
/// <param name="Signed">The bytes that were signed.</param>
/// <param name="Value">The signature.</param>
/// <param name="Claim">What the signed bytes claim to be about. To be read only when <paramref name="Value"/> has been verified.</param>
internal sealed record DetachedSignature(byte[] Signed, byte[] Value, Func<Claim> Claim)
{
    /// <summary>What a statement that is a signature says about the artifact; what an attestation says has other types.</summary>
    public const string CosignPredicate = "https://sigstore.dev/cosign/sign/v1";

    private const string StatementType = "application/vnd.in-toto+json";
    private const string StatementVersion = "https://in-toto.io/Statement/v1";
    private const string CosignType = "cosign container image signature";

    /// <summary>
    /// Reads a Sigstore bundle, as cosign 3 writes it: a DSSE envelope with an in-toto statement. Certificates and entries of transparency logs
    /// in it are not looked at.
    /// </summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static DetachedSignature ReadBundle(ReadOnlySpan<byte> json)
    {
        var bundle = JsonSerializer.Deserialize(json, SignatureJsonContext.Default.SigstoreBundle);
        // The Sigstore bundle format allows one signature in an envelope.
        if (bundle?.DsseEnvelope is not { Payload: { } payload, PayloadType: StatementType, Signatures: [{ Sig: { } value }] })
        {
            throw new JsonException("it is not a bundle with one signed in-toto statement");
        }

        return new DetachedSignature(PreAuthenticationEncoding(StatementType, payload), value, () => ReadStatement(payload));
    }

    /// <summary>Reads what cosign 2 writes: a payload in the format "simple signing", and its signature in base64.</summary>
    /// <exception cref="JsonException">The signature is not base64.</exception>
    public static DetachedSignature ReadSimpleSigning(byte[] payload, string signature)
    {
        var value = new byte[Base64.GetMaxDecodedFromUtf8Length(signature.Length)];
        return Convert.TryFromBase64String(signature, value, out var length)
            ? new DetachedSignature(payload, value[..length], () => ReadSimplePayload(payload))
            : throw new JsonException("its signature is not base64");
    }

    /// <summary>What an envelope's signature is over (DSSE 1.0.2, "Signature Definition").</summary>
    private static byte[] PreAuthenticationEncoding(string type, byte[] payload) =>
        [.. Encoding.UTF8.GetBytes($"DSSEv1 {Encoding.UTF8.GetByteCount(type)} {type} {payload.Length} "), .. payload];

    private static Claim ReadStatement(byte[] payload)
    {
        var statement = JsonSerializer.Deserialize(payload, SignatureJsonContext.Default.InTotoStatement);
        return statement is { Type: StatementVersion, PredicateType: CosignPredicate }
            ? new Claim([.. (statement.Subject ?? []).SelectMany(subject => subject?.Digest ?? []).Select(digest => $"{digest.Key}:{digest.Value}")])
            : throw new JsonException($"it is a statement of type '{statement?.PredicateType}' and not a signature");
    }

    private static Claim ReadSimplePayload(byte[] payload)
    {
        var critical = JsonSerializer.Deserialize(payload, SignatureJsonContext.Default.SimplePayload)?.Critical;
        return critical is { Type: CosignType, Image.Digest: { } digest }
            ? new Claim([digest])
            : throw new JsonException($"it is of type '{critical?.Type}' and not a signature of an image");
    }
}

/// <summary>What a signature is about.</summary>
/// <param name="Digests">Digests of manifests, as they are written.</param>
internal sealed record Claim(IReadOnlyList<string> Digests)
{
    public bool IsAbout(Digest digest) => Digests.Contains(digest.ToString());
}

/// <summary>A Sigstore bundle, as far as it is used (sigstore/protobuf-specs, <c>sigstore_bundle.proto</c>).</summary>
internal sealed class SigstoreBundle
{
    public DsseEnvelope? DsseEnvelope { get; init; }
}

/// <summary>A DSSE envelope.</summary>
internal sealed class DsseEnvelope
{
    public byte[]? Payload { get; init; }

    public string? PayloadType { get; init; }

    public IReadOnlyList<DsseSignature?>? Signatures { get; init; }
}

/// <summary>One signature of a <see cref="DsseEnvelope"/>.</summary>
internal sealed class DsseSignature
{
    public byte[]? Sig { get; init; }
}

/// <summary>An in-toto statement 1.0.</summary>
internal sealed class InTotoStatement
{
    [JsonPropertyName("_type")]
    public string? Type { get; init; }

    public string? PredicateType { get; init; }

    public IReadOnlyList<InTotoSubject?>? Subject { get; init; }
}

/// <summary>What an <see cref="InTotoStatement"/> is about: algorithm → hexadecimal digits.</summary>
internal sealed class InTotoSubject
{
    public Dictionary<string, string?>? Digest { get; init; }
}

/// <summary>A payload in the format "simple signing" (containers/image, <c>signature.md</c>).</summary>
internal sealed class SimplePayload
{
    public SimpleCritical? Critical { get; init; }
}

/// <summary>The part of a <see cref="SimplePayload"/> that has to be understood.</summary>
internal sealed class SimpleCritical
{
    public string? Type { get; init; }

    public SimpleImage? Image { get; init; }
}

/// <summary>The image that a <see cref="SimplePayload"/> is about.</summary>
internal sealed class SimpleImage
{
    [JsonPropertyName("docker-manifest-digest")]
    public string? Digest { get; init; }
}

/// <summary>Source-generated JSON for signatures.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(SigstoreBundle))]
[JsonSerializable(typeof(InTotoStatement))]
[JsonSerializable(typeof(SimplePayload))]
internal sealed partial class SignatureJsonContext : JsonSerializerContext;
