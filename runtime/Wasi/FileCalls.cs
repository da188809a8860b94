using System.Buffers.Binary;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Interop;

namespace Wagi.Runtime.Wasi;

/// <summary>
/// Files for a component: the functions of preview 1 as the host calls them on its behalf, from within a host call. Files, folders and what may
/// be done with them are Wasmtime's, the same as for core modules.
/// </summary>
/// <remarks>
/// Arguments and results are in the memory of a bridge, which is made when the component first does something with a file. A method throws
/// <see cref="TrapException"/> when the run was stopped meanwhile.
/// </remarks>
/// <param name="run">The run.</param>
/// <param name="context">Its store, a <c>wasmtime_context_t</c>.</param>
internal readonly struct FileCalls(GuestRun run, nint context)
{
    /// <summary>Bytes that are read or written at once.</summary>
    public const int MaxData = BridgeModule.MemorySize - (int)Data;

    /// <summary>The number of the first folder that the run finds open; 0 to 2 are the standard streams.</summary>
    public const uint FirstFolder = 3;

    /// <summary>Bytes of a path. No system call takes a longer one (PATH_MAX).</summary>
    private const int MaxPath = 4096;

    // What is where in the memory.
    private const uint Result = 0;
    private const uint Vector = 64;
    private const uint FirstPath = 256;
    private const uint SecondPath = FirstPath + MaxPath;
    private const uint Data = 12 << 10;

    private const ulong RightRead = 1 << 1;
    private const ulong RightWrite = 1 << 6;
    private const uint FlagAppend = 1;

    // Of preview 1, and not among the values that are returned here otherwise.
    private const Errno NameTooLong = (Errno)37;

    /// <summary>Opens a file or a folder.</summary>
    /// <param name="folder">Where the path begins.</param>
    /// <param name="lookup"><c>lookupflags</c>.</param>
    /// <param name="path">UTF-8.</param>
    /// <param name="open"><c>oflags</c>.</param>
    /// <param name="mayRead">Whether to read it.</param>
    /// <param name="mayWrite">Whether to write it.</param>
    /// <param name="flags"><c>fdflags</c>.</param>
    /// <param name="descriptor">Its number.</param>
    public Errno Open(
        uint folder, uint lookup, ReadOnlySpan<byte> path, uint open, bool mayRead, bool mayWrite, uint flags, out uint descriptor)
    {
        descriptor = 0;
        if (OpenFiles.Refusal(run) is { } refusal)
        {
            return refusal;
        }

        var bridge = Bridge();
        if (!TryPlace(bridge, FirstPath, path))
        {
            return NameTooLong;
        }

        var rights = (mayRead ? RightRead : 0) | (mayWrite ? RightWrite : 0);
        var error = Call(bridge, WasiFunction.PathOpen, folder, lookup, FirstPath, (uint)path.Length, open, rights, rights, flags, Result);
        if (error == Errno.Success)
        {
            descriptor = bridge.Memory.ReadU32(Result);
            OpenFiles.Add(run, descriptor);
        }

        return error;
    }

    /// <summary>Closes it.</summary>
    public void Close(uint descriptor)
    {
        if (Call(Bridge(), WasiFunction.FdClose, descriptor) == Errno.Success)
        {
            OpenFiles.Remove(run, descriptor);
        }
    }

    /// <summary>Its <c>filetype</c>.</summary>
    public Errno GetType(uint descriptor, out FileType type)
    {
        var bridge = Bridge();
        var error = Call(bridge, WasiFunction.FdFdstatGet, descriptor, Result);
        type = error == Errno.Success ? (FileType)bridge.Memory.Slice(Result, 1)[0] : default;
        return error;
    }

    /// <summary>What is known of it.</summary>
    public Errno GetStat(uint descriptor, out FileStat stat)
    {
        var bridge = Bridge();
        var error = Call(bridge, WasiFunction.FdFilestatGet, descriptor, Result);
        stat = error == Errno.Success ? FileStat.Read(bridge.Memory.Slice(Result, FileStat.Size)) : default;
        return error;
    }

    /// <inheritdoc cref="GetStat(uint, out FileStat)"/>
    public Errno GetStat(uint folder, uint lookup, ReadOnlySpan<byte> path, out FileStat stat)
    {
        stat = default;
        var bridge = Bridge();
        if (!TryPlace(bridge, FirstPath, path))
        {
            return NameTooLong;
        }

        var error = Call(bridge, WasiFunction.PathFilestatGet, folder, lookup, FirstPath, (uint)path.Length, Result);
        if (error == Errno.Success)
        {
            stat = FileStat.Read(bridge.Memory.Slice(Result, FileStat.Size));
        }

        return error;
    }

    /// <summary>Moves the position at which <see cref="Read"/> reads.</summary>
    public Errno Seek(uint descriptor, ulong position) => Call(Bridge(), WasiFunction.FdSeek, descriptor, position, 0, Result);

    /// <summary>Reads at the present position, and moves it.</summary>
    /// <param name="descriptor">The file.</param>
    /// <param name="length">Bytes to read; no more than <see cref="MaxData"/> are.</param>
    /// <param name="data">What was read, until the next call; empty at the end.</param>
    public Errno Read(uint descriptor, ulong length, out ReadOnlySpan<byte> data)
    {
        var bridge = Bridge();
        PlaceVector(bridge, (uint)Math.Min(length, MaxData));
        var error = Call(bridge, WasiFunction.FdRead, descriptor, Vector, 1, Result);
        data = error == Errno.Success ? Filled(bridge) : default;
        return error;
    }

    /// <summary>Writes at a position, no more than <see cref="MaxData"/> bytes.</summary>
    public Errno Write(uint descriptor, ulong position, ReadOnlySpan<byte> data, out int written)
    {
        var bridge = Bridge();
        Place(bridge, data);
        var error = Call(bridge, WasiFunction.FdPwrite, descriptor, Vector, 1, position, Result);
        written = error == Errno.Success ? (int)bridge.Memory.ReadU32(Result) : 0;
        return error;
    }

    /// <summary>Writes at the end, no more than <see cref="MaxData"/> bytes.</summary>
    public Errno Append(uint descriptor, ReadOnlySpan<byte> data, out int written)
    {
        written = 0;
        var bridge = Bridge();
        var error = Call(bridge, WasiFunction.FdFdstatSetFlags, descriptor, FlagAppend);
        if (error == Errno.Success)
        {
            Place(bridge, data);
            error = Call(bridge, WasiFunction.FdWrite, descriptor, Vector, 1, Result);
            written = error == Errno.Success ? (int)bridge.Memory.ReadU32(Result) : 0;

            // Other streams to the same file write where they are.
            _ = Call(bridge, WasiFunction.FdFdstatSetFlags, descriptor, 0);
        }

        return error;
    }

    /// <summary>Reads entries of a folder, each a <c>dirent</c> with its name behind it, the last of which may be cut off.</summary>
    /// <param name="descriptor">The folder.</param>
    /// <param name="cookie">Where to begin: what the entry before says; 2: behind <c>.</c> and <c>..</c>.</param>
    /// <param name="entries">What was read, until the next call; less than <see cref="MaxData"/>: with the end.</param>
    public Errno ReadFolder(uint descriptor, ulong cookie, out ReadOnlySpan<byte> entries)
    {
        var bridge = Bridge();
        var error = Call(bridge, WasiFunction.FdReaddir, descriptor, Data, MaxData, cookie, Result);
        entries = error == Errno.Success ? Filled(bridge) : default;
        return error;
    }

    /// <summary>Reads where a symbolic link leads to.</summary>
    public Errno ReadLink(uint folder, ReadOnlySpan<byte> path, out ReadOnlySpan<byte> target)
    {
        target = default;
        var bridge = Bridge();
        if (!TryPlace(bridge, FirstPath, path))
        {
            return NameTooLong;
        }

        var error = Call(bridge, WasiFunction.PathReadlink, folder, FirstPath, (uint)path.Length, Data, MaxData, Result);
        if (error == Errno.Success)
        {
            target = Filled(bridge);
        }

        return error;
    }

    public Errno Advise(uint descriptor, ulong offset, ulong length, uint advice) =>
        Call(Bridge(), WasiFunction.FdAdvise, descriptor, offset, length, advice);

    public Errno Sync(uint descriptor) => Call(Bridge(), WasiFunction.FdSync, descriptor);

    public Errno SyncData(uint descriptor) => Call(Bridge(), WasiFunction.FdDatasync, descriptor);

    public Errno SetSize(uint descriptor, ulong size) => Call(Bridge(), WasiFunction.FdFilestatSetSize, descriptor, size);

    public Errno SetTimes(uint descriptor, FileTimes times) =>
        Call(Bridge(), WasiFunction.FdFilestatSetTimes, descriptor, times.Accessed, times.Modified, times.Flags);

    public Errno SetTimes(uint folder, uint lookup, ReadOnlySpan<byte> path, FileTimes times)
    {
        var bridge = Bridge();
        return TryPlace(bridge, FirstPath, path)
            ? Call(
                bridge, WasiFunction.PathFilestatSetTimes, folder, lookup, FirstPath, (uint)path.Length, times.Accessed, times.Modified, times.Flags)
            : NameTooLong;
    }

    public Errno CreateFolder(uint folder, ReadOnlySpan<byte> path) => Change(WasiFunction.PathCreateDirectory, folder, path);

    public Errno RemoveFolder(uint folder, ReadOnlySpan<byte> path) => Change(WasiFunction.PathRemoveDirectory, folder, path);

    public Errno RemoveFile(uint folder, ReadOnlySpan<byte> path) => Change(WasiFunction.PathUnlinkFile, folder, path);

    public Errno Rename(uint folder, ReadOnlySpan<byte> path, uint newFolder, ReadOnlySpan<byte> newPath)
    {
        var bridge = Bridge();
        return TryPlace(bridge, FirstPath, path) && TryPlace(bridge, SecondPath, newPath)
            ? Call(bridge, WasiFunction.PathRename, folder, FirstPath, (uint)path.Length, newFolder, SecondPath, (uint)newPath.Length)
            : NameTooLong;
    }

    public Errno Link(uint folder, uint lookup, ReadOnlySpan<byte> path, uint newFolder, ReadOnlySpan<byte> newPath)
    {
        var bridge = Bridge();
        return TryPlace(bridge, FirstPath, path) && TryPlace(bridge, SecondPath, newPath)
            ? Call(bridge, WasiFunction.PathLink, folder, lookup, FirstPath, (uint)path.Length, newFolder, SecondPath, (uint)newPath.Length)
            : NameTooLong;
    }

    /// <param name="target">Where it leads to.</param>
    /// <param name="folder">Where the path begins.</param>
    /// <param name="path">That of the link.</param>
    public Errno LinkSymbolically(ReadOnlySpan<byte> target, uint folder, ReadOnlySpan<byte> path)
    {
        var bridge = Bridge();
        return TryPlace(bridge, FirstPath, target) && TryPlace(bridge, SecondPath, path)
            ? Call(bridge, WasiFunction.PathSymlink, FirstPath, (uint)target.Length, folder, SecondPath, (uint)path.Length)
            : NameTooLong;
    }

    private static bool TryPlace(BridgeInstance bridge, uint at, ReadOnlySpan<byte> path)
    {
        var fits = path.Length <= MaxPath;
        if (fits)
        {
            path.CopyTo(bridge.Memory.Slice(at, MaxPath));
        }

        return fits;
    }

    private static void Place(BridgeInstance bridge, ReadOnlySpan<byte> data)
    {
        data.CopyTo(bridge.Memory.Slice(Data, MaxData));
        PlaceVector(bridge, (uint)data.Length);
    }

    private static void PlaceVector(BridgeInstance bridge, uint length)
    {
        var memory = bridge.Memory;
        memory.WriteU32(Vector, Data);
        memory.WriteU32(Vector + 4, length);
    }

    /// <summary>As much of the data as the result says.</summary>
    private static ReadOnlySpan<byte> Filled(BridgeInstance bridge)
    {
        var memory = bridge.Memory;
        return memory.Slice(Data, memory.ReadU32(Result));
    }

    private Errno Change(WasiFunction function, uint folder, ReadOnlySpan<byte> path)
    {
        var bridge = Bridge();
        return TryPlace(bridge, FirstPath, path) ? Call(bridge, function, folder, FirstPath, (uint)path.Length) : NameTooLong;
    }

    private BridgeInstance Bridge() => BridgeInstance.Of(run)
        ?? ((GuestFiles)run.Files!).BridgeOfComponents(run.Engine!).Instantiate(run, context)
        ?? throw Stopped();

    private Errno Call(BridgeInstance bridge, WasiFunction function, params ReadOnlySpan<ulong> arguments)
    {
        Span<RawValue> values = stackalloc RawValue[arguments.Length];
        for (var i = 0; i < arguments.Length; i++)
        {
            values[i].U64 = arguments[i];
        }

        var error = bridge.Call(function, values);
        return run.IsStopped ? throw Stopped() : error;
    }

    /// <summary>The run knows the reason: the first one counts.</summary>
    private static TrapException Stopped() => new("the run was stopped");
}

/// <summary>WASI preview 1 <c>filetype</c>.</summary>
internal enum FileType : byte
{
    Unknown,
    BlockDevice,
    CharacterDevice,
    Directory,
    RegularFile,
    DatagramSocket,
    StreamSocket,
    SymbolicLink,
}

/// <summary>WASI preview 1 <c>filestat</c>. Times are nanoseconds since 1970-01-01.</summary>
internal readonly record struct FileStat(ulong Device, ulong Inode, FileType Type, ulong Links, ulong Length, ulong Accessed, ulong Modified, ulong Changed)
{
    /// <summary>Bytes of it.</summary>
    public const int Size = 64;

    public static FileStat Read(ReadOnlySpan<byte> bytes) => new(
        U64(bytes), U64(bytes[8..]), (FileType)bytes[16], U64(bytes[24..]), U64(bytes[32..]), U64(bytes[40..]), U64(bytes[48..]), U64(bytes[56..]));

    private static ulong U64(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt64LittleEndian(bytes);
}

/// <summary>Times to set, in nanoseconds since 1970-01-01.</summary>
/// <param name="Accessed">When it was read.</param>
/// <param name="Modified">When it was written.</param>
/// <param name="Flags"><c>fstflags</c> of preview 1: which of them to set, and which to the present time.</param>
internal readonly record struct FileTimes(ulong Accessed, ulong Modified, uint Flags);
