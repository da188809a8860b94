using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Wagi.Hosting.Files;

namespace Wagi.Runtime.Cache;

/// <summary>
/// Remembers which Wasm a reference led to, so that a node with a warm cache serves with the registry down. Kept apart per tenant:
/// a module gets a cached private artifact only if its own namespace has pulled it with its own credentials.
/// </summary>
internal sealed partial class ReferenceCache(CacheDirectory directory, ILogger<ReferenceCache> logger)
{
    /// <summary>What is known about a reference; null when nothing is.</summary>
    /// <param name="tenant">The namespace of the module that asks; empty outside Kubernetes.</param>
    /// <param name="reference">The reference, as it is configured.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    public async Task<ReferenceRecord?> TryReadAsync(string tenant, string reference, CancellationToken cancellationToken)
    {
        var path = PathFor(tenant, reference);
        try
        {
            var json = await File.ReadAllBytesAsync(path, cancellationToken);
            CacheDirectory.Touch(path);
            var record = JsonSerializer.Deserialize(json, CacheJsonContext.Default.ReferenceRecord);
            return record?.Reference == reference ? record : null;
        }
        catch (JsonException)
        {
            LogReferenceDamaged(path);
            CacheDirectory.TryDelete(path);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Remembers what a reference led to.</summary>
    public async Task StoreAsync(string tenant, ReferenceRecord record, CancellationToken cancellationToken)
    {
        var path = PathFor(tenant, record.Reference);
        try
        {
            var json = JsonSerializer.SerializeToUtf8Bytes(record, CacheJsonContext.Default.ReferenceRecord);
            await AtomicFile.WriteAsync(path, json, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogReferenceNotStored(path, exception.Message);
        }
    }

    private string PathFor(string tenant, string reference) => Path.Combine(
        directory.References,
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{tenant}\n{reference}"))) + ".json");

    [LoggerMessage(LogLevel.Warning, "Cache record {Path} is damaged: removed, its module will be pulled again")]
    private partial void LogReferenceDamaged(string path);

    [LoggerMessage(LogLevel.Warning, "Cache record {Path} could not be written: {Error}")]
    private partial void LogReferenceNotStored(string path, string error);
}

/// <summary>What a reference stood for when it was pulled.</summary>
/// <param name="Reference">The reference that was pulled.</param>
/// <param name="ManifestDigest">Digest of the manifest that it resolved to.</param>
/// <param name="WasmDigest">Digest of the Wasm that the manifest led to.</param>
internal sealed record ReferenceRecord(string Reference, string ManifestDigest, string WasmDigest)
{
    /// <summary>Whether it is a Spin application, and the digest that of its description.</summary>
    public bool IsApplication { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ReferenceRecord))]
internal sealed partial class CacheJsonContext : JsonSerializerContext;
