using System.Security.Cryptography;
using Wagi.Hosting.Files;
using Wagi.Runtime.Bodies;

namespace Wagi.Runtime.Cache;

/// <summary>Wasm by digest: <c>blobs/sha256/&lt;hex&gt;</c>. The digest is checked whenever a blob is read.</summary>
internal sealed partial class BlobCache(CacheDirectory directory, ILogger<BlobCache> logger)
{
    private const string Algorithm = "sha256:";

    private const int BufferSize = 64 << 10;

    /// <summary>Blobs that the disk does not take, all together, in bytes: as much as there is for bodies.</summary>
    private const long MaxInMemory = 64L << 20;

    private readonly ByteBudget _memory = new(MaxInMemory);

    /// <summary>The digest of some bytes: <c>sha256:…</c>.</summary>
    public static string DigestOf(ReadOnlySpan<byte> bytes) => Algorithm + Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>Whether a blob is there; it may still prove damaged when it is read.</summary>
    public bool Contains(string digest) => digest.StartsWith(Algorithm, StringComparison.Ordinal) && File.Exists(PathFor(digest));

    /// <summary>The blob, open at its start, or null when it is not there or damaged; a damaged one is removed. It stays readable when the cache removes it.</summary>
    public async Task<Stream?> TryOpenAsync(string digest, CancellationToken cancellationToken)
    {
        var path = PathFor(digest);
        FileStream? file = null;
        try
        {
            file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, BufferSize, useAsync: true);
            if (Algorithm + Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken)) != digest)
            {
                LogBlobDamaged(path);
                CacheDirectory.TryDelete(path);
                return null;
            }

            CacheDirectory.Touch(path);
            file.Position = 0;
            var intact = file;
            file = null;
            return intact;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
        finally
        {
            file?.Dispose();
        }
    }

    /// <summary>Takes in a blob and keeps it. A cache that cannot be written to (disk full) costs a pull next time, and memory as far as there is some.</summary>
    /// <param name="write">Writes the bytes and returns their digest, which it has verified.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The digest; and the bytes, open at their start, in no memory unless the disk did not take them.</returns>
    /// <exception cref="NoRoomException">Neither disk nor memory takes it.</exception>
    public async Task<(string Digest, Stream Bytes)> ReceiveAsync(Func<Stream, CancellationToken, Task<string>> write, CancellationToken cancellationToken)
    {
        var arriving = new ArrivingBlob(AtomicFile.TemporaryFor(Path.Combine(directory.Blobs, "pull")), Create, _memory);
        try
        {
            var digest = await write(arriving, cancellationToken);
            arriving.Position = 0;
            Keep(arriving, PathFor(digest));
            return (digest, arriving);
        }
        catch
        {
            await arriving.DisposeAsync();
            throw;
        }
    }

    private static FileStream Create(string path) =>
        new(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, useAsync: true);

    private void Keep(ArrivingBlob arriving, string path)
    {
        try
        {
            arriving.MoveTo(path);
            if (arriving.DiskError is { } error)
            {
                LogBlobNotStored(path, error);
            }
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
