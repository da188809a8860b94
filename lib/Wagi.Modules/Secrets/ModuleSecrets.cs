using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Wagi.Modules.Secrets;

/// <summary>
/// What one module gets through the generated Secret instead of the ConfigMap: environment values and pull credentials.
/// One JSON document per module, under the key <see cref="KeyFor"/>, which is a file name once the Secret is mounted.
/// </summary>
public sealed record ModuleSecrets : IJsonOnDeserialized
{
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

    /// <summary>The key, and file name, for an entry's id: <c>namespace/name</c> gives <c>namespace.name.json</c>.</summary>
    public static string KeyFor(string id)
    {
        ArgumentNullException.ThrowIfNull(id);

        // A namespace has no dot (RFC 1123 label), so no two ids share a key.
        return id.Replace('/', '.') + ".json";
    }

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="JsonException">The text is not such a document.</exception>
    public static ModuleSecrets FromJson(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize(json, SecretsJsonContext.Default.ModuleSecrets)
        ?? throw new JsonException("the secrets are null");

    /// <summary>The document as UTF-8 JSON.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, SecretsJsonContext.Default.ModuleSecrets);

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
