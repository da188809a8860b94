using Wagi.Runtime.Wasi;

namespace Wagi.Runtime.Wasip2;

/// <summary>Why an operation on the stream of a file has failed, of which <c>filesystem-error-code</c> tells the code.</summary>
internal sealed class FilesystemError(Errno error) : IoError($"the file system said {FilesystemErrorCodes.Of(error)}")
{
    public FilesystemErrorCode Code { get; } = FilesystemErrorCodes.Of(error);
}

/// <summary><c>wasi:filesystem/types.error-code</c>, in its order.</summary>
internal enum FilesystemErrorCode : byte
{
    Access,
    WouldBlock,
    Already,
    BadDescriptor,
    Busy,
    Deadlock,
    Quota,
    Exist,
    FileTooLarge,
    IllegalByteSequence,
    InProgress,
    Interrupted,
    Invalid,
    Io,
    IsDirectory,
    Loop,
    TooManyLinks,
    MessageSize,
    NameTooLong,
    NoDevice,
    NoEntry,
    NoLock,
    InsufficientMemory,
    InsufficientSpace,
    NotDirectory,
    NotEmpty,
    NotRecoverable,
    Unsupported,
    NoTty,
    NoSuchDevice,
    Overflow,
    NotPermitted,
    Pipe,
    ReadOnly,
    InvalidSeek,
    TextFileBusy,
    CrossDevice,
}

/// <summary>The errors of preview 1 as those of WASI 0.2.</summary>
internal static class FilesystemErrorCodes
{
    /// <summary>
    /// The code of an error. A component learns of too many open files (<c>mfile</c> and <c>nfile</c>), for which WASI 0.2 has no code, as of
    /// too little memory.
    /// </summary>
    /// <param name="error">Any but success. The numbers are those of <c>wasi_snapshot_preview1.witx</c>.</param>
    public static FilesystemErrorCode Of(Errno error) => (int)error switch
    {
        2 => FilesystemErrorCode.Access,
        6 => FilesystemErrorCode.WouldBlock,
        7 => FilesystemErrorCode.Already,
        8 => FilesystemErrorCode.BadDescriptor,
        10 => FilesystemErrorCode.Busy,
        16 => FilesystemErrorCode.Deadlock,
        19 => FilesystemErrorCode.Quota,
        20 => FilesystemErrorCode.Exist,
        22 => FilesystemErrorCode.FileTooLarge,
        25 => FilesystemErrorCode.IllegalByteSequence,
        26 => FilesystemErrorCode.InProgress,
        27 => FilesystemErrorCode.Interrupted,
        28 => FilesystemErrorCode.Invalid,
        31 => FilesystemErrorCode.IsDirectory,
        32 => FilesystemErrorCode.Loop,
        34 => FilesystemErrorCode.TooManyLinks,
        35 => FilesystemErrorCode.MessageSize,
        37 => FilesystemErrorCode.NameTooLong,
        43 => FilesystemErrorCode.NoDevice,
        44 => FilesystemErrorCode.NoEntry,
        46 => FilesystemErrorCode.NoLock,
        33 or 41 or 48 => FilesystemErrorCode.InsufficientMemory,
        51 => FilesystemErrorCode.InsufficientSpace,
        54 => FilesystemErrorCode.NotDirectory,
        55 => FilesystemErrorCode.NotEmpty,
        56 => FilesystemErrorCode.NotRecoverable,
        52 or 58 => FilesystemErrorCode.Unsupported,
        59 => FilesystemErrorCode.NoTty,
        60 => FilesystemErrorCode.NoSuchDevice,
        61 => FilesystemErrorCode.Overflow,
        63 or 76 => FilesystemErrorCode.NotPermitted,
        64 => FilesystemErrorCode.Pipe,
        69 => FilesystemErrorCode.ReadOnly,
        70 => FilesystemErrorCode.InvalidSeek,
        74 => FilesystemErrorCode.TextFileBusy,
        75 => FilesystemErrorCode.CrossDevice,
        _ => FilesystemErrorCode.Io,
    };
}
