using System.Buffers.Binary;
using System.IO.Hashing;
using Wagi.Runtime.Interop;
using Wagi.Runtime.Lowering;
using Wagi.Runtime.Wasi;

namespace Wagi.Runtime.Wasip2;

/// <summary>
/// <c>wasi:filesystem</c>. A component without volumes finds no directories, so that it can name no file. What is refused, and with which error,
/// is Wasmtime's to say, as for core modules.
/// </summary>
internal static class FilesystemFunctions
{
    private const string Preopens = "wasi:filesystem/preopens";
    private const string Types = "wasi:filesystem/types";

    private const byte Ok = 0;
    private const byte Failed = 1;
    private const byte None = 0;
    private const byte Some = 1;
    private const ulong Second = 1_000_000_000;

    private delegate Errno Action(in LoweredCall call, Descriptor descriptor);

    public static void AddTo(LoweredFunctions functions)
    {
        functions.Add(Preopens, "get-directories", "i", "", GetDirectories);
        functions.AddDrop<Descriptor>(Types, "descriptor");
        functions.AddDrop<DirectoryEntryStream>(Types, "directory-entry-stream");
        functions.Add(Types, "filesystem-error-code", "ii", "", ErrorCode);
        functions.Add(Types, "[method]directory-entry-stream.read-directory-entry", "ii", "", ReadEntry);

        Add(functions, "read-via-stream", "iIi", static (in call) => Own(
            call, 2, static file => CheckFile(file, DescriptorFlags.Read), static (in call, file) => new FileInput(file.File.Share(), call.U64(1))));
        Add(functions, "write-via-stream", "iIi", static (in call) => Own(
            call, 2, static file => CheckFile(file, DescriptorFlags.Write), static (in call, file) => new FileOutput(file.File.Share(), call.U64(1))));
        Add(functions, "append-via-stream", "ii", static (in call) => Own(
            call, 1, static file => CheckFile(file, DescriptorFlags.Write), static (in call, file) => new FileOutput(file.File.Share(), position: null)));
        Add(functions, "read-directory", "ii", static (in call) => Own(
            call, 1, static folder => folder.IsFolder ? Errno.Success : Errno.Notdir,
            static (in call, folder) => new DirectoryEntryStream(call.Component, folder.File.Share())));
        Add(functions, "read", "iIIi", Read);
        Add(functions, "write", "iiiIi", Write);
        Add(functions, "get-flags", "ii", static (in call) => Store(call, 1, (byte)call.Resource<Descriptor>(0).Flags));
        Add(functions, "get-type", "ii", GetTypeOf);
        Add(functions, "stat", "ii", static (in call) => StoreStat(call, 1, Stat(call, out var stat), stat));
        Add(functions, "stat-at", "iiiii", static (in call) => StoreStat(call, 4, StatAt(call, out var stat), stat));
        Add(functions, "metadata-hash", "ii", static (in call) => StoreHash(call, 1, Stat(call, out var stat), stat));
        Add(functions, "metadata-hash-at", "iiiii", static (in call) => StoreHash(call, 4, StatAt(call, out var stat), stat));
        functions.Add(Types, "[method]descriptor.is-same-object", "ii", "i", IsSameObject);
        Add(functions, "readlink-at", "iiii", ReadLink);
        Add(functions, "open-at", "iiiiiii", Open);

        AddAction(functions, "advise", "iIIii", static (in call, file) => file.Calls.Advise(file.Number, call.U64(1), call.U64(2), Choice(call.U32(3), 6)));
        AddAction(functions, "sync", "ii", static (in call, file) => file.Calls.Sync(file.Number));
        AddAction(functions, "sync-data", "ii", static (in call, file) => file.Calls.SyncData(file.Number));
        AddAction(functions, "set-size", "iIi", static (in call, file) => file.Calls.SetSize(file.Number, call.U64(1)));
        AddAction(functions, "set-times", "iiIiiIii", static (in call, file) =>
            TryGetTimes(call, 1, out var times) ? file.Calls.SetTimes(file.Number, times) : Errno.Inval);
        AddAction(functions, "set-times-at", "iiiiiIiiIii", static (in call, folder) =>
            TryGetTimes(call, 4, out var times) ? folder.Calls.SetTimes(folder.Number, Lookup(call, 1), call.TextBytes(2), times) : Errno.Inval);
        AddAction(functions, "create-directory-at", "iiii", static (in call, folder) => folder.Calls.CreateFolder(folder.Number, call.TextBytes(1)));
        AddAction(functions, "remove-directory-at", "iiii", static (in call, folder) => folder.Calls.RemoveFolder(folder.Number, call.TextBytes(1)));
        AddAction(functions, "unlink-file-at", "iiii", static (in call, folder) => folder.Calls.RemoveFile(folder.Number, call.TextBytes(1)));
        AddAction(functions, "rename-at", "iiiiiii", static (in call, folder) =>
            folder.Calls.Rename(folder.Number, call.TextBytes(1), call.Resource<Descriptor>(3).Number, call.TextBytes(4)));
        AddAction(functions, "link-at", "iiiiiiii", static (in call, folder) =>
            folder.Calls.Link(folder.Number, Lookup(call, 1), call.TextBytes(2), call.Resource<Descriptor>(4).Number, call.TextBytes(5)));
        AddAction(functions, "symlink-at", "iiiiii", static (in call, folder) =>
            folder.Calls.LinkSymbolically(call.TextBytes(1), folder.Number, call.TextBytes(3)));
    }

    private static void Add(LoweredFunctions functions, string name, string parameters, LoweredBody body) =>
        functions.Add(Types, $"[method]descriptor.{name}", parameters, "", body);

    /// <summary>A function without a result but an error, whose address is the last parameter.</summary>
    private static void AddAction(LoweredFunctions functions, string name, string parameters, Action action) => Add(functions, name, parameters, (in call) =>
    {
        var error = action(call, call.Resource<Descriptor>(0));
        var at = call.U32(parameters.Length - 1);
        if (error != Errno.Success)
        {
            return Fail(call, at, 1, error);
        }

        call.Memory.WriteByte(at, Ok);
        return 0;
    });

    private static long GetDirectories(in LoweredCall call)
    {
        const uint SizeOfDirectory = 12;
        var folders = call.Run.Files is GuestFiles files ? files.Volumes : [];
        var at = call.StoreList(call.U32(0), folders.Length, SizeOfDirectory, 4);
        for (var i = 0; i < folders.Length; i++, at += SizeOfDirectory)
        {
            var file = new OpenFile(new FileCalls(call.Run, call.Context), FileCalls.FirstFolder + (uint)i, isShared: true);
            var flags = folders[i].IsReadOnly ? DescriptorFlags.Read : DescriptorFlags.Read | DescriptorFlags.MutateDirectory;
            call.Memory.WriteU32(at, call.Own(new Descriptor(file, isFolder: true, flags)));
            call.StoreText(at + 4, folders[i].GuestPath);
        }

        return 0;
    }

    private static long Open(in LoweredCall call)
    {
        const int Path = 2;
        const int OpenFlags = 4;
        const int Flags = 5;
        const int Result = 6;
        const uint AllOpenFlags = 0xf;
        var folder = call.Resource<Descriptor>(0);
        var wanted = (DescriptorFlags)call.U32(Flags);
        var flags = (wanted.HasFlag(DescriptorFlags.DataIntegritySync) ? 2u : 0)
            | (wanted.HasFlag(DescriptorFlags.RequestedWriteSync) ? 8u : 0)
            | (wanted.HasFlag(DescriptorFlags.FileIntegritySync) ? 16u : 0);
        var (mayRead, mayWrite) = (wanted.HasFlag(DescriptorFlags.Read), wanted.HasFlag(DescriptorFlags.Write));
        var error = folder.Calls.Open(
            folder.Number, Lookup(call, 1), call.TextBytes(Path), call.U32(OpenFlags) & AllOpenFlags, mayRead, mayWrite, flags, out var number);
        if (error != Errno.Success)
        {
            return Fail(call, call.U32(Result), 4, error);
        }

        var file = new OpenFile(folder.Calls, number, isShared: false);
        error = folder.Calls.GetType(number, out var type);
        if (error != Errno.Success)
        {
            file.Leave();
            return Fail(call, call.U32(Result), 4, error);
        }

        var isFolder = type == FileType.Directory;
        var mutates = isFolder ? folder.Flags & DescriptorFlags.MutateDirectory : 0;
        var opened = new Descriptor(file, isFolder, (wanted & ~DescriptorFlags.MutateDirectory) | mutates);
        call.Memory.WriteU32(call.U32(Result) + 4, call.Own(opened));
        call.Memory.WriteByte(call.U32(Result), Ok);
        return 0;
    }

    private static long Read(in LoweredCall call)
    {
        const int Result = 3;
        var descriptor = call.Resource<Descriptor>(0);
        var error = CheckFile(descriptor, DescriptorFlags.Read);
        var data = ReadOnlySpan<byte>.Empty;
        if (error == Errno.Success)
        {
            error = descriptor.File.Read(call.U64(2), call.U64(1), out data);
        }

        var at = call.U32(Result);
        if (error != Errno.Success)
        {
            return Fail(call, at, 4, error);
        }

        // The data is in the bridge's memory, which nobody touches while the guest gives memory: it may not call the host meanwhile.
        var isEnd = data.IsEmpty;
        call.Store(at + 4, data);
        call.Memory.WriteByte(at + 12, isEnd ? (byte)1 : (byte)0);
        call.Memory.WriteByte(at, Ok);
        return 0;
    }

    private static long Write(in LoweredCall call)
    {
        const int Result = 4;
        var descriptor = call.Resource<Descriptor>(0);
        var bytes = call.Bytes(1);
        var error = CheckFile(descriptor, DescriptorFlags.Write);
        var written = 0;
        if (error == Errno.Success)
        {
            error = descriptor.Calls.Write(descriptor.Number, call.U64(3), bytes[..Math.Min(bytes.Length, FileCalls.MaxData)], out written);
        }

        var at = call.U32(Result);
        if (error != Errno.Success)
        {
            return Fail(call, at, 8, error);
        }

        call.Memory.WriteU64(at + 8, (ulong)written);
        call.Memory.WriteByte(at, Ok);
        return 0;
    }

    private static long GetTypeOf(in LoweredCall call)
    {
        var descriptor = call.Resource<Descriptor>(0);
        var error = descriptor.Calls.GetType(descriptor.Number, out var type);
        return error == Errno.Success ? Store(call, 1, TypeOf(type)) : Fail(call, call.U32(1), 1, error);
    }

    private static long ReadEntry(in LoweredCall call)
    {
        var error = call.Resource<DirectoryEntryStream>(0).Read(out var type, out var name);
        var at = call.U32(1);
        if (error != Errno.Success)
        {
            return Fail(call, at, 4, error);
        }

        var memory = call.Memory;
        memory.WriteByte(at, Ok);
        memory.WriteByte(at + 4, name.IsEmpty ? None : Some);
        if (!name.IsEmpty)
        {
            memory.WriteByte(at + 8, TypeOf(type));
            call.StoreText(at + 12, name);
        }

        return 0;
    }

    private static long ReadLink(in LoweredCall call)
    {
        var folder = call.Resource<Descriptor>(0);
        var error = folder.Calls.ReadLink(folder.Number, call.TextBytes(1), out var target);
        var at = call.U32(3);
        if (error != Errno.Success)
        {
            return Fail(call, at, 4, error);
        }

        call.StoreText(at + 4, target);
        call.Memory.WriteByte(at, Ok);
        return 0;
    }

    private static long IsSameObject(in LoweredCall call)
    {
        var (one, other) = (call.Resource<Descriptor>(0), call.Resource<Descriptor>(1));
        return one.Calls.GetStat(one.Number, out var first) == Errno.Success && other.Calls.GetStat(other.Number, out var second) == Errno.Success
            && (first.Device, first.Inode) == (second.Device, second.Inode) ? 1 : 0;
    }

    private static long ErrorCode(in LoweredCall call)
    {
        var error = call.Resource<IoError>(0) as FilesystemError;
        call.Memory.WriteByte(call.U32(1), error is null ? None : Some);
        if (error is not null)
        {
            call.Memory.WriteByte(call.U32(1) + 1, (byte)error.Code);
        }

        return 0;
    }

    /// <summary>Whether it is a file that was opened for this.</summary>
    private static Errno CheckFile(Descriptor descriptor, DescriptorFlags wanted)
    {
        // A file that was opened for neither is one that can be read.
        var flags = descriptor.Flags.HasFlag(DescriptorFlags.Write) ? descriptor.Flags : descriptor.Flags | DescriptorFlags.Read;
        return !descriptor.IsFolder && flags.HasFlag(wanted) ? Errno.Success : Errno.Badf;
    }

    private static Errno Stat(in LoweredCall call, out FileStat stat)
    {
        var descriptor = call.Resource<Descriptor>(0);
        return descriptor.Calls.GetStat(descriptor.Number, out stat);
    }

    private static Errno StatAt(in LoweredCall call, out FileStat stat)
    {
        var folder = call.Resource<Descriptor>(0);
        return folder.Calls.GetStat(folder.Number, Lookup(call, 1), call.TextBytes(2), out stat);
    }

    /// <summary><c>path-flags</c> as <c>lookupflags</c>: both have the one flag, to follow a symbolic link.</summary>
    private static uint Lookup(in LoweredCall call, int argument) => call.U32(argument) & 1;

    /// <summary>Two <c>new-timestamp</c>, of three arguments each. False: one has more nanoseconds than a second does, or is too far away.</summary>
    private static bool TryGetTimes(in LoweredCall call, int first, out FileTimes times)
    {
        var isValid = TryGetTime(call, first, out var accessed, out var accessFlags) & TryGetTime(call, first + 3, out var modified, out var modifyFlags);
        times = new FileTimes(accessed, modified, accessFlags | (modifyFlags << 2));
        return isValid;
    }

    private static bool TryGetTime(in LoweredCall call, int argument, out ulong time, out uint flags)
    {
        // fstflags: atim 1, atim_now 2, and the same for mtim two bits further.
        var (kind, seconds, nanoseconds) = (Choice(call.U32(argument), 3), call.U64(argument + 1), call.U32(argument + 2));
        flags = kind switch { 0 => 0, 1 => 2u, _ => 1u };
        time = 0;
        if (flags != 1)
        {
            return true;
        }

        if (nanoseconds >= Second || seconds > (ulong.MaxValue - nanoseconds) / Second)
        {
            return false;
        }

        time = (seconds * Second) + nanoseconds;
        return true;
    }

    /// <exception cref="TrapException">It is none of that many values (component model, "Canonical ABI": <c>lift_flat_variant</c>).</exception>
    private static uint Choice(uint value, uint count) =>
        value < count ? value : throw new TrapException("an argument of wasi:filesystem is none of the values that its type has");

    private static byte TypeOf(FileType type) => type switch
    {
        FileType.BlockDevice => 1,
        FileType.CharacterDevice => 2,
        FileType.Directory => 3,
        FileType.SymbolicLink => 5,
        FileType.RegularFile => 6,
        FileType.DatagramSocket or FileType.StreamSocket => 7,
        _ => 0,
    };

    private delegate Resource Maker(in LoweredCall call, Descriptor descriptor);

    /// <summary>A new resource, or why there is none.</summary>
    private static long Own(in LoweredCall call, int result, Func<Descriptor, Errno> check, Maker make)
    {
        var descriptor = call.Resource<Descriptor>(0);
        var error = check(descriptor);
        var at = call.U32(result);
        if (error != Errno.Success)
        {
            return Fail(call, at, 4, error);
        }

        call.Memory.WriteU32(at + 4, call.Own(make(call, descriptor)));
        call.Memory.WriteByte(at, Ok);
        return 0;
    }

    private static long Store(in LoweredCall call, int result, byte value)
    {
        call.Memory.WriteByte(call.U32(result), Ok);
        call.Memory.WriteByte(call.U32(result) + 1, value);
        return 0;
    }

    private static long StoreStat(in LoweredCall call, int result, Errno error, FileStat stat)
    {
        const uint Size = 104;
        var at = call.U32(result);
        if (error != Errno.Success)
        {
            return Fail(call, at, 8, error);
        }

        var bytes = call.Memory.Struct(at, Size, 8);
        bytes.Clear();
        bytes[0] = Ok;
        bytes[8] = TypeOf(stat.Type);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[16..], stat.Links);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[24..], stat.Length);
        WriteTime(bytes[32..], stat.Accessed);
        WriteTime(bytes[56..], stat.Modified);
        WriteTime(bytes[80..], stat.Changed);
        return 0;
    }

    private static void WriteTime(Span<byte> bytes, ulong time)
    {
        bytes[0] = Some;
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], time / Second);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[16..], (uint)(time % Second));
    }

    /// <summary>
    /// A hash of what the file is, not of what is in it: its lower half is taken for the number of the inode, as Wasmtime's and that of preview 1.
    /// </summary>
    private static long StoreHash(in LoweredCall call, int result, Errno error, FileStat stat)
    {
        var at = call.U32(result);
        if (error != Errno.Success)
        {
            return Fail(call, at, 8, error);
        }

        Span<byte> inode = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(inode, stat.Inode);
        call.Memory.WriteU64(at + 8, stat.Inode);
        call.Memory.WriteU64(at + 16, XxHash3.HashToUInt64(inode));
        call.Memory.WriteByte(at, Ok);
        return 0;
    }

    /// <summary>An error.</summary>
    /// <param name="call">The call.</param>
    /// <param name="at">Where the result is.</param>
    /// <param name="payload">Where in it the error is: as far as the alignment of what there would be otherwise.</param>
    /// <param name="error">The error.</param>
    private static long Fail(in LoweredCall call, uint at, uint payload, Errno error)
    {
        call.Memory.WriteByte(at, Failed);
        call.Memory.WriteByte(at + payload, (byte)FilesystemErrorCodes.Of(error));
        return 0;
    }
}
