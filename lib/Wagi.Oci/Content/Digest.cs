using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Wagi.Oci.Content;

/// <summary>
/// A content digest such as <c>sha256:9f86…</c> (OCI image spec 1.1, "Digests"). The algorithm is one of the registered ones, sha256 and
/// sha512, with exactly its number of lower-case hexadecimal digits.
/// </summary>
[JsonConverter(typeof(DigestJsonConverter))]
public sealed record Digest
{
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    private Digest(string algorithm, string hex)
    {
        Algorithm = algorithm;
        Hex = hex;
    }

    /// <summary><c>sha256</c> or <c>sha512</c>.</summary>
    public string Algorithm { get; }

    /// <summary>64 (sha256) or 128 (sha512) lower-case hexadecimal digits.</summary>
    public string Hex { get; }

    /// <summary>The sha256 digest of <paramref name="content"/>.</summary>
    public static Digest Compute(ReadOnlySpan<byte> content) => new("sha256", Convert.ToHexStringLower(SHA256.HashData(content)));

    /// <summary>Reads <c>algorithm:hex</c>.</summary>
    /// <exception cref="FormatException">The text is not a sha256 or sha512 digest.</exception>
    public static Digest Parse(string text) => TryParse(text, out var digest, out var error) ? digest : throw new FormatException(error);

    /// <summary>Reads <c>algorithm:hex</c>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="digest">The digest, if the text is one.</param>
    /// <param name="error">What is wrong with the text, otherwise.</param>
    public static bool TryParse(string? text, [NotNullWhen(true)] out Digest? digest, [NotNullWhen(false)] out string? error)
    {
        digest = null;
        var colon = text?.IndexOf(':', StringComparison.Ordinal) ?? -1;
        if (text is null || colon < 0)
        {
            error = $"'{text}' is not a digest: expected sha256: and 64 hexadecimal digits";
            return false;
        }

        var algorithm = text[..colon];
        var hex = text[(colon + 1)..];
        var length = algorithm switch { "sha256" => 64, "sha512" => 128, _ => 0 };
        if (length == 0)
        {
            error = $"'{algorithm}' is not a known digest algorithm: expected sha256 or sha512";
            return false;
        }

        if (hex.Length != length || hex.AsSpan().ContainsAnyExcept(HexDigits))
        {
            error = hex.Length == length
                ? $"a {algorithm} digest has lower-case hexadecimal digits only, found '{hex}'"
                : $"a {algorithm} digest has {length} hexadecimal digits, found {hex.Length}";
            return false;
        }

        digest = new Digest(algorithm, hex);
        error = null;
        return true;
    }

    /// <summary>Whether <paramref name="content"/> has this digest.</summary>
    public bool Matches(ReadOnlySpan<byte> content)
    {
        using var hash = CreateHash();
        hash.AppendData(content);
        return From(hash) == this;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Algorithm}:{Hex}";

    /// <summary>The tag under which things are that belong to the manifest with this digest (OCI distribution spec 1.1, "Referrers Tag Schema").</summary>
    internal string ToTag() => $"{Algorithm}-{Hex[..64]}";

    /// <summary>An empty running hash of this digest's algorithm.</summary>
    internal IncrementalHash CreateHash() =>
        IncrementalHash.CreateHash(Algorithm == "sha512" ? HashAlgorithmName.SHA512 : HashAlgorithmName.SHA256);

    /// <summary>The digest of what went into <paramref name="hash"/> so far.</summary>
    internal static Digest From(IncrementalHash hash) =>
        new(hash.AlgorithmName == HashAlgorithmName.SHA512 ? "sha512" : "sha256", Convert.ToHexStringLower(hash.GetCurrentHash()));
}

/// <summary>A digest is one JSON string.</summary>
internal sealed class DigestJsonConverter : JsonConverter<Digest>
{
    public override Digest Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var text = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        return Digest.TryParse(text, out var digest, out var error) ? digest : throw new JsonException(error);
    }

    public override void Write(Utf8JsonWriter writer, Digest value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
