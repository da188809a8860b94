using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Wagi.Modules.Secrets;

/// <summary>
/// What one module gets through the generated Secret instead of the ConfigMap: environment values and pull credentials.
/// One JSON document per module, under the key <see cref="KeyFor"/>, which is a file name once the Secret is mounted.
/// </summary>
public sealed record ModuleSecrets : IJsonOnDeserialized
{
    /// <summary>The most characters that a key of a Secret may have (<c>core/v1</c> validation).</summary>
    public const int MaxKeyLength = 253;

    private const string Extension = ".json";

    /// <summary>Escapes no more than JSON wants: what it writes counts against the size of a Secret.</summary>
    private static readonly SecretsJsonContext Compact = new(
        new JsonSerializerOptions(SecretsJsonContext.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>Equals the <c>secrets_version</c> of the entry that these belong to. Never derived from a secret value.</summary>
    public required string Version { get; init; }

    /// <summary>Environment variables whose values are secret.</summary>
    [AllowNull]
    public ImmutableSortedDictionary<string, string> Environment
    {
        // Not an initializer: the generated JSON reader drops it when the member is missing.
        get => field ?? ImmutableSortedDictionary<string, string>.Empty;
        init;
    }

    /// <summary>
    /// Pull credentials, each in Docker's configuration format (<c>{"auths": …}</c>, or the older <c>.dockercfg</c> form), in the order
    /// to try them in.
    /// </summary>
    public ImmutableArray<string> DockerConfigs { get => field.IsDefault ? [] : field; init; }

    /// <summary>
    /// The key, and file name, for an entry's id: <c>namespace/name</c> gives <c>namespace.name.json</c>. Where that would be longer than a
    /// key may be (<see cref="MaxKeyLength"/>), the beginning and a hash of the whole id stand for the id.
    /// </summary>
    public static string KeyFor(string id)
    {
        ArgumentNullException.ThrowIfNull(id);

        // A namespace has no dot (RFC 1123 label), so no two ids share a key.
        var name = id.Replace('/', '.');
        if (name.Length + Extension.Length <= MaxKeyLength)
        {
            return name + Extension;
        }

        // Neither a namespace nor a name has an underscore, so this is never the key of a shorter id.
        var hash = "_" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)));
        return name[..(MaxKeyLength - hash.Length - Extension.Length)] + hash + Extension;
    }

    /// <summary>
    /// These secrets under the version of <paramref name="before"/>, when the guest would notice no difference: neither an annotation on a Secret nor
    /// a rotated credential is a reason to load the module again.
    /// </summary>
    /// <param name="before">What <see cref="ToJson"/> wrote before; null: nothing.</param>
    public ModuleSecrets LikeBefore(byte[]? before)
    {
        if (before is null)
        {
            return this;
        }

        try
        {
            var secrets = FromJson(before);

            // The first credential is worth waiting for, and so is a further one.
            return Environment.SequenceEqual(secrets.Environment) && DockerConfigs.Length == secrets.DockerConfigs.Length
                ? this with { Version = secrets.Version }
                : this;
        }
        catch (JsonException)
        {
            // Somebody else has written it.
            return this;
        }
    }

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="JsonException">The text is not such a document.</exception>
    public static ModuleSecrets FromJson(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize(json, SecretsJsonContext.Default.ModuleSecrets)
        ?? throw new JsonException("the secrets are null");

    /// <summary>The document as UTF-8 JSON.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, Compact.ModuleSecrets);

    void IJsonOnDeserialized.OnDeserialized()
    {
        if (Environment.ContainsValue(null!) || DockerConfigs.Contains(null!))
        {
            throw new JsonException("a value of the secrets is null");
        }
    }

    /// <summary>Names, never values: this may end in a log.</summary>
    public override string ToString() =>
        $"secrets {Version}: {Environment.Count} environment values, {DockerConfigs.Length} pull credentials";
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ModuleSecrets))]
internal sealed partial class SecretsJsonContext : JsonSerializerContext;
