using System.IO.Compression;
using Wagi.Oci.Errors;
using Wagi.Oci.Remote;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace Wagi.Oci.Archives;

/// <summary>What a layer holds, unpacked.</summary>
internal static class Unpacking
{
    /// <summary>How many bytes <see cref="Unpack"/> has to see.</summary>
    public const int HeadSize = 4;

    /// <summary>log2 of the most memory that zstd may ask for: 8 MiB, as much as every decoder should have (RFC 8878 §3.1.1.1.2).</summary>
    private const int MaxZstdWindow = 23;

    /// <summary>By content, as container runtimes do: media types are sometimes wrong.</summary>
    /// <param name="content">The layer, at its start. It stays open.</param>
    /// <param name="head">Its first bytes.</param>
    public static Stream Unpack(Stream content, ReadOnlySpan<byte> head)
    {
        if (head.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b]))
        {
            return new GZipStream(content, CompressionMode.Decompress, leaveOpen: true);
        }

        if (head.StartsWith((ReadOnlySpan<byte>)[0x28, 0xb5, 0x2f, 0xfd]))
        {
            var zstd = new DecompressionStream(content, leaveOpen: true);
            zstd.SetParameter(ZSTD_dParameter.ZSTD_d_windowLogMax, MaxZstdWindow);
            return zstd;
        }

        return content;
    }

    /// <summary>Whether this is what a layer throws whose content is not what it should be.</summary>
    public static bool IsMalformed(Exception exception) => exception is InvalidDataException or EndOfStreamException or ZstdException;

    /// <summary>Reads a stream to its end: only that verifies the digest of a blob.</summary>
    public static async Task DrainAsync(Stream stream, CancellationToken cancellationToken)
    {
        var buffer = new byte[16 * 1024];
        while (await stream.ReadAsync(buffer, cancellationToken) > 0)
        {
        }
    }
}

/// <summary>How many more bytes the layers of one artifact may unpack to.</summary>
internal sealed class UnpackBudget(long limit, string subject)
{
    private long _spent;

    /// <exception cref="OciException"><see cref="OciErrorKind.TooLarge"/> when it is used up.</exception>
    public void Spend(long count)
    {
        _spent += count;
        if (_spent > limit)
        {
            throw new OciException(OciErrorKind.TooLarge, $"{subject}: the layers unpack to more than the limit of {limit} bytes");
        }
    }
}

/// <summary>Reads at most as much as the budget allows, which all layers of an artifact share.</summary>
internal sealed class LimitedStream(Stream inner, UnpackBudget budget) : ForwardStream
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await inner.ReadAsync(buffer, cancellationToken);
        budget.Spend(count);
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}

/// <summary>Shows the first bytes before they are read. Leaves the inner stream open.</summary>
internal sealed class PeekStream(Stream inner) : ForwardStream
{
    private byte[] _head = [];
    private int _count;
    private int _taken;

    /// <summary>The first bytes, or fewer if there are not that many. Call it once, before reading.</summary>
    public async Task<ReadOnlyMemory<byte>> PeekAsync(int count, CancellationToken cancellationToken)
    {
        _head = new byte[count];
        _count = await inner.ReadAtLeastAsync(_head, count, throwOnEndOfStream: false, cancellationToken);
        return _head.AsMemory(0, _count);
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = Math.Min(buffer.Length, _count - _taken);
        if (count == 0)
        {
            return inner.ReadAsync(buffer, cancellationToken);
        }

        _head.AsMemory(_taken, count).CopyTo(buffer);
        _taken += count;
        return new(count);
    }
}
