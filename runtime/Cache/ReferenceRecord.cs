using System.Text.Json.Serialization;

namespace Wagi.Runtime.Cache;

/// <summary>What a reference stood for when it was pulled.</summary>
/// <param name="Reference">The reference that was pulled.</param>
/// <param name="ManifestDigest">Digest of the manifest that it resolved to.</param>
/// <param name="WasmDigest">Digest of the Wasm that the manifest led to.</param>
internal sealed record ReferenceRecord(string Reference, string ManifestDigest, string WasmDigest);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ReferenceRecord))]
internal sealed partial class CacheJsonContext : JsonSerializerContext;
