using System.Buffers;
using System.Numerics;
using Microsoft.Win32.SafeHandles;
using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Bodies;

/// <summary>
/// The bytes of one body. A small one is in memory, a larger one in a file; when there can be no file, it is in memory as well, as far as the
/// budget goes. For one thread at a time. Dispose it to give everything back.
/// </summary>
internal sealed class BodyBuffer(ModuleBodies bodies) : IGuestInput, IDisposable
{
    /// <summary>The unit of memory, in bytes.</summary>
    public const int Chunk = 64 << 10;

    /// <summary>A body up to this size is in memory while there is some: making a file costs as much as copying hundreds of kilobytes.</summary>
    public const int MaxInMemory = 1 << 20;

    // Grows with what has arrived, and no further than this with what was only announced.
    private const int MaxAhead = 16 << 10;

    // Chunks but the last are full, and all but the first have the size of one.
    private byte[] _first = [];
    private List<byte[]>? _more;
    private SafeFileHandle? _file;
    private long _memoryTaken;
    private bool _hasNoFile;

    /// <summary>How many bytes there are.</summary>
    public long Length { get; private set; }

    /// <summary>Adds bytes at the end: all, or none.</summary>
    /// <param name="bytes">What to add.</param>
    /// <param name="expected">How many there will be in the end, as far as that is known.</param>
    /// <returns>False: neither memory nor disk has room for them.</returns>
    public bool TryAppend(ReadOnlySpan<byte> bytes, long? expected = null)
    {
        if (bytes.IsEmpty)
        {
            return true;
        }

        var length = Length + bytes.Length;
        if (_file is not null)
        {
            if (!bodies.Disk.TryTake(bytes.Length))
            {
                return false;
            }

            if (!bodies.Spool.TryWrite(_file, bytes, Length))
            {
                bodies.Disk.GiveBack(bytes.Length);
                return false;
            }
        }
        else if (length <= Chunk && TryGrowFirst((int)Math.Max(length, Math.Min(expected ?? MaxAhead, MaxAhead))))
        {
            bytes.CopyTo(_first.AsSpan((int)Length));
        }
        else if (length > MaxInMemory || !TryAppendChunks(bytes))
        {
            _hasNoFile = _hasNoFile || !TryMoveToFile(bytes);
            if (_hasNoFile && !TryAppendChunks(bytes))
            {
                return false;
            }
        }

        Length = length;
        return true;
    }

    /// <inheritdoc/>
    public int Read(long position, Span<byte> target)
    {
        if (_file is not null)
        {
            return RandomAccess.Read(_file, target, position);
        }

        var index = (int)(position / Chunk);
        var offset = (int)(position % Chunk);
        var chunk = index == 0 ? _first : index <= (_more?.Count ?? 0) ? _more![index - 1] : [];
        var count = (int)Math.Min(Math.Min(Length - position, target.Length), chunk.Length - offset);
        chunk.AsSpan(offset, count).CopyTo(target);
        return count;
    }

    /// <summary>Forgets the bytes and gives back what they used.</summary>
    public void Clear()
    {
        if (_file is not null)
        {
            _file.Dispose();
            _file = null;
            bodies.Disk.GiveBack(Length);
        }

        ReleaseMemory();
        _hasNoFile = false;
        Length = 0;
    }

    public void Dispose() => Clear();

    /// <summary>Makes room for so many bytes in the first chunk, where those that are there stay.</summary>
    private bool TryGrowFirst(int size)
    {
        if (size <= _first.Length)
        {
            return true;
        }

        // What the pool gives has this size.
        size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(size, 16));
        if (!bodies.Memory.TryTake(size))
        {
            return false;
        }

        var larger = ArrayPool<byte>.Shared.Rent(size);
        _first.AsSpan(0, (int)Length).CopyTo(larger);
        ReleaseMemory();
        _first = larger;
        _memoryTaken = size;
        return true;
    }

    private bool TryMoveToFile(ReadOnlySpan<byte> bytes)
    {
        var length = Length + bytes.Length;
        if (!bodies.Disk.TryTake(length))
        {
            return false;
        }

        var file = bodies.Spool.TryOpen();
        if (file is null
            || !TryWriteChunks(file)
            || !bodies.Spool.TryWrite(file, bytes, Length))
        {
            file?.Dispose();
            bodies.Disk.GiveBack(length);
            return false;
        }

        ReleaseMemory();
        _file = file;
        return true;
    }

    private bool TryWriteChunks(SafeFileHandle file)
    {
        for (var position = 0L; position < Length; position += Chunk)
        {
            var chunk = position == 0 ? _first : _more![(int)(position / Chunk) - 1];
            if (!bodies.Spool.TryWrite(file, chunk.AsSpan(0, (int)Math.Min(Chunk, Length - position)), position))
            {
                return false;
            }
        }

        return true;
    }

    private bool TryAppendChunks(ReadOnlySpan<byte> bytes)
    {
        if (!TryGrowFirst(Chunk))
        {
            return false;
        }

        _more ??= [];
        var needed = (int)((Length + bytes.Length + Chunk - 1) / Chunk) - 1 - _more.Count;
        if (!bodies.Memory.TryTake((long)needed * Chunk))
        {
            return false;
        }

        _memoryTaken += (long)needed * Chunk;
        for (; needed > 0; needed--)
        {
            _more.Add(ArrayPool<byte>.Shared.Rent(Chunk));
        }

        for (var position = Length; !bytes.IsEmpty;)
        {
            var index = (int)(position / Chunk);
            var room = (index == 0 ? _first : _more[index - 1]).AsSpan((int)(position % Chunk));
            var count = Math.Min(room.Length, bytes.Length);
            bytes[..count].CopyTo(room);
            bytes = bytes[count..];
            position += count;
        }

        return true;
    }

    private void ReleaseMemory()
    {
        if (_memoryTaken == 0)
        {
            return;
        }

        ArrayPool<byte>.Shared.Return(_first);
        foreach (var chunk in _more ?? [])
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }

        _first = [];
        _more = null;
        bodies.Memory.GiveBack(_memoryTaken);
        _memoryTaken = 0;
    }
}
