using System.Security.Cryptography;
using Wagi.Hosting.Files;
using Wagi.Runtime.Bodies;
using Wagi.Runtime.Sharing;

namespace Wagi.Runtime.Cache;

/// <summary>Wasm by digest: <c>blobs/sha256/&lt;hex&gt;</c>. The digest is checked whenever a blob is read.</summary>
/// <param name="directory">The cache.</param>
/// <param name="logger">Where to log.</param>
/// <param name="arriving">How many bytes may be arriving at a time, all tenants together: they count as part of the cache only when they are there.</param>
/// <param name="time">The clock; null: the system's.</param>
internal sealed partial class BlobCache(
    CacheDirectory directory, ILogger<BlobCache> logger, long arriving = CacheOptions.DefaultMaxBytes / BlobCache.Share, TimeProvider? time = null)
{
    /// <summary>How long a blob may take: who sends a byte from time to time must not keep the room of others for ever.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>The part of the cache's size that may be on its way at a time, and the part of that for one tenant.</summary>
    public const int Share = 4;

    private const string Algorithm = "sha256:";

    private const int BufferSize = 64 << 10;

    /// <summary>Blobs that the disk does not take, all together, in bytes: as much as there is for bodies.</summary>
    private const long MaxInMemory = 64L << 20;

    private readonly ByteBudget _memory = new(MaxInMemory);
    private readonly TenantGate _arriving = new(arriving, Math.Max(1, arriving / Share));

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
    /// <param name="tenant">Whose it is: tenants take turns, with the smaller of their own first, while much is arriving.</param>
    /// <param name="size">Its size in bytes, or the most that it can be: more is refused, for the room is taken by what is announced.</param>
    /// <param name="write">Writes the bytes and returns their digest, which it has verified.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The digest; and the bytes, open at their start, in no memory unless the disk did not take them.</returns>
    /// <exception cref="ArrivalException">Neither disk nor memory takes it, it is larger than <paramref name="size"/>, or it takes longer than <see cref="Patience"/>.</exception>
    public async Task<(string Digest, Stream Bytes)> ReceiveAsync(
        string tenant, long size, Func<Stream, CancellationToken, Task<string>> write, CancellationToken cancellationToken)
    {
        return await ArriveAsync(
            tenant,
            size,
            async token =>
            {
                var blob = new ArrivingBlob(AtomicFile.TemporaryFor(Path.Combine(directory.Blobs, "pull")), Create, _memory, size);
                try
                {
                    var digest = await write(blob, token);
                    blob.Position = 0;
                    Keep(blob, PathFor(digest));
                    return (digest, (Stream)blob);
                }
                catch
                {
                    await blob.DisposeAsync();
                    throw;
                }
            },
            cancellationToken);
    }

    /// <summary>Takes in something of whatever form, when there is room for it.</summary>
    /// <param name="tenant">Whose it is: tenants take turns.</param>
    /// <param name="size">The most that it can be, in bytes.</param>
    /// <param name="receive">Takes it in.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArrivalException">It takes longer than <see cref="Patience"/>.</exception>
    public async Task<T> ArriveAsync<T>(string tenant, long size, Func<CancellationToken, Task<T>> receive, CancellationToken cancellationToken)
    {
        using var room = await _arriving.EnterBySizeAsync(tenant, size, cancellationToken);
        using var patience = new CancellationTokenSource(Patience, time ?? TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            return await receive(either.Token);
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new ArrivalException($"it has not arrived within {Patience.TotalMinutes:0} minutes");
        }
    }

    private static FileStream Create(string path) =>
        new(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, useAsync: true);

    private void Keep(ArrivingBlob blob, string path)
    {
        try
        {
            blob.MoveTo(path);
            directory.Add(blob.Length);
            if (blob.DiskError is { } error)
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
