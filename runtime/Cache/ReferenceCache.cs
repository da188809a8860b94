using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
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
    /// <param name="cancellation">Stops the reading.</param>
    public async Task<ReferenceRecord?> TryReadAsync(string tenant, string reference, CancellationToken cancellation)
    {
        var path = PathFor(tenant, reference);
        try
        {
            var json = await File.ReadAllBytesAsync(path, cancellation);
            CacheDirectory.Touch(path);
            var record = JsonSerializer.Deserialize(json, CacheJsonContext.Default.ReferenceRecord);
            return record?.Reference == reference ? record : null;
        }
        catch (JsonException)
        {
            LogDamaged(path);
            CacheDirectory.TryDelete(path);
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Remembers what a reference led to.</summary>
    public async Task StoreAsync(string tenant, ReferenceRecord record, CancellationToken cancellation)
    {
        var path = PathFor(tenant, record.Reference);
        try
        {
            var json = JsonSerializer.SerializeToUtf8Bytes(record, CacheJsonContext.Default.ReferenceRecord);
            await AtomicFile.WriteAsync(path, json, cancellation);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            LogNotStored(path, error.Message);
        }
    }

    private string PathFor(string tenant, string reference) => Path.Combine(
        directory.References,
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{tenant}\n{reference}"))) + ".json");
}
