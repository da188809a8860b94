using System.Buffers.Binary;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Lowering;
using Wagi.Runtime.Wasi;

namespace Wagi.Runtime.Wasip2;

/// <summary><c>wasi:filesystem/types.descriptor-flags</c>.</summary>
[Flags]
internal enum DescriptorFlags : byte
{
    Read = 1,
    Write = 2,
    FileIntegritySync = 4,
    DataIntegritySync = 8,
    RequestedWriteSync = 16,
    MutateDirectory = 32,
}

/// <summary><c>wasi:filesystem/types.descriptor</c>: a file or a folder.</summary>
/// <param name="file">What it leads to.</param>
/// <param name="isFolder">Whether that is a folder.</param>
/// <param name="flags">What may be done with it.</param>
internal sealed class Descriptor(OpenFile file, bool isFolder, DescriptorFlags flags) : Resource
{
    public bool IsFolder => isFolder;

    public DescriptorFlags Flags => flags;

    public uint Number => file.Number;

    public FileCalls Calls => file.Calls;

    public OpenFile File => file;

    /// <inheritdoc/>
    public override void Drop() => file.Leave();
}

/// <summary>
/// A descriptor of preview 1, open until the component has dropped all that leads to it. What is still open when the run ends is closed with its
/// store.
/// </summary>
/// <param name="calls">What to call.</param>
/// <param name="number">Its number.</param>
/// <param name="isShared">Whether it stays open for the others who find it, as the folders do that every run finds open.</param>
internal sealed class OpenFile(FileCalls calls, uint number, bool isShared)
{
    private const ulong Unknown = ulong.MaxValue;

    private ulong _position;
    private int _users = 1;

    public FileCalls Calls => calls;

    public uint Number => number;

    /// <summary>Something else leads to it as well.</summary>
    public OpenFile Share()
    {
        _users++;
        return this;
    }

    /// <summary>What led to it was dropped.</summary>
    public void Leave()
    {
        if (--_users == 0 && !isShared)
        {
            calls.Close(number);
        }
    }

    /// <summary>Writes at the end; as <see cref="FileCalls.Append"/>, which may move the position.</summary>
    public Errno Append(ReadOnlySpan<byte> data, out int written)
    {
        _position = Unknown;
        return calls.Append(number, data, out written);
    }

    /// <summary>Reads at a position; as <see cref="FileCalls.Read"/>.</summary>
    public Errno Read(ulong position, ulong length, out ReadOnlySpan<byte> data)
    {
        data = default;
        var error = position == _position ? Errno.Success : calls.Seek(number, position);
        if (error == Errno.Success)
        {
            error = calls.Read(number, length, out data);
        }

        _position = error == Errno.Success ? position + (ulong)data.Length : Unknown;
        return error;
    }
}

/// <summary>A file that is read from somewhere on.</summary>
internal sealed class FileInput(OpenFile file, ulong position) : InputStream
{
    private FilesystemError? _failure;
    private ulong _position = position;

    /// <inheritdoc/>
    public override IoError? Failure => _failure;

    /// <inheritdoc/>
    public override int Read(GuestRun run, Span<byte> target, bool mayWait)
    {
        if (_failure is not null)
        {
            return Failed;
        }

        var error = file.Read(_position, (ulong)target.Length, out var data);
        if (error != Errno.Success)
        {
            _failure = new FilesystemError(error);
            return Failed;
        }

        data.CopyTo(target);
        _position += (ulong)data.Length;
        return data.IsEmpty ? Ended : data.Length;
    }

    /// <inheritdoc/>
    public override Pollable Subscribe() => ReadyPollable.Instance;

    /// <inheritdoc/>
    public override void Drop() => file.Leave();
}

/// <summary>A file that is written.</summary>
/// <param name="file">The file.</param>
/// <param name="position">Where the next byte goes; null: always to the end.</param>
internal sealed class FileOutput(OpenFile file, ulong? position) : OutputStream
{
    private FilesystemError? _failure;
    private ulong? _position = position;

    /// <inheritdoc/>
    public override IoError? Failure => _failure;

    /// <inheritdoc/>
    public override int Room => 64 << 10;

    /// <inheritdoc/>
    public override void Write(GuestRun run, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty && _failure is null)
        {
            var piece = bytes[..Math.Min(bytes.Length, FileCalls.MaxData)];
            var error = _position is { } at ? file.Calls.Write(file.Number, at, piece, out var written) : file.Append(piece, out written);
            if (error != Errno.Success)
            {
                _failure = new FilesystemError(error);
                return;
            }

            bytes = bytes[written..];
            _position += (ulong)written;
        }
    }

    /// <inheritdoc/>
    public override void Drop() => file.Leave();
}

/// <summary><c>wasi:filesystem/types.directory-entry-stream</c>: a folder is read piece by piece.</summary>
/// <param name="component">Who pays for the piece.</param>
/// <param name="folder">The folder.</param>
internal sealed class DirectoryEntryStream(ComponentRun component, OpenFile folder) : Resource
{
    // Of preview 1's dirent.
    private const int EntrySize = 24;

    // Preview 2 leaves out "." and "..".
    private ulong _cookie = 2;
    private byte[] _piece = [];
    private int _next;
    private bool _isLast;

    /// <summary>The next entry.</summary>
    /// <param name="type">What it is.</param>
    /// <param name="name">Its name; empty at the end, and when there was an error.</param>
    public Errno Read(out FileType type, out ReadOnlySpan<byte> name)
    {
        if (!TryTake(out type, out name) && !_isLast)
        {
            var error = folder.Calls.ReadFolder(folder.Number, _cookie, out var entries);
            if (error != Errno.Success)
            {
                return error;
            }

            component.Take(entries.Length - _piece.Length);
            _piece = entries.ToArray();
            _next = 0;

            // No name is so long that the first entry would be cut off.
            _isLast = entries.Length < FileCalls.MaxData;
            _ = TryTake(out type, out name);
        }

        return Errno.Success;
    }

    /// <inheritdoc/>
    public override void Drop()
    {
        component.Take(-_piece.Length);
        folder.Leave();
    }

    /// <summary>False: there is no other whole entry in the piece.</summary>
    private bool TryTake(out FileType type, out ReadOnlySpan<byte> name)
    {
        type = default;
        name = default;
        var rest = _piece.AsSpan(_next);
        if (rest.Length < EntrySize)
        {
            return false;
        }

        var length = (int)BinaryPrimitives.ReadUInt32LittleEndian(rest[16..]);
        if (length > rest.Length - EntrySize)
        {
            return false;
        }

        _cookie = BinaryPrimitives.ReadUInt64LittleEndian(rest);
        type = (FileType)rest[20];
        name = rest.Slice(EntrySize, length);
        _next += EntrySize + length;
        return true;
    }
}
