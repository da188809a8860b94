using System.Security.Cryptography;
using Wagi.Hosting.Files;

namespace Wagi.Runtime.Cache;

/// <summary>Wasm by digest: <c>blobs/sha256/&lt;hex&gt;</c>. The digest is checked whenever a blob is read.</summary>
internal sealed partial class BlobCache(CacheDirectory directory, ILogger<BlobCache> logger)
{
    private const string Algorithm = "sha256:";

    /// <summary>The digest of some bytes: <c>sha256:…</c>.</summary>
    public static string DigestOf(ReadOnlySpan<byte> bytes) => Algorithm + Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>Whether a blob is there; it may still prove damaged when it is read.</summary>
    public bool Contains(string digest) => digest.StartsWith(Algorithm, StringComparison.Ordinal) && File.Exists(PathFor(digest));

    /// <summary>The blob, or null when it is not there or damaged; a damaged one is removed.</summary>
    public async Task<byte[]?> TryReadAsync(string digest, CancellationToken cancellationToken)
    {
        var path = PathFor(digest);
        byte[] bytes;
        try
        {
            bytes = await File.ReadAllBytesAsync(path, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }

        if (DigestOf(bytes) != digest)
        {
            LogBlobDamaged(path);
            CacheDirectory.TryDelete(path);
            return null;
        }

        CacheDirectory.Touch(path);
        return bytes;
    }

    /// <summary>Keeps a blob. A cache that cannot be written to (disk full) costs a pull next time, and nothing else.</summary>
    public async Task StoreAsync(string digest, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        var path = PathFor(digest);
        try
        {
            await AtomicFile.WriteAsync(path, bytes, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogBlobNotStored(path, exception.Message);
        }
    }

    private string PathFor(string digest) => Path.Combine(directory.Blobs, digest[Algorithm.Length..]);

    [LoggerMessage(LogLevel.Warning, "Cached module {Path} is damaged: removed, it will be pulled again")]
    private partial void LogBlobDamaged(string path);

    [LoggerMessage(LogLevel.Warning, "Module could not be kept in the cache as {Path}: {Error}")]
    private partial void LogBlobNotStored(string path, string error);
}
