namespace Wagi.Runtime.Wasi;

/// <summary>The functions of WASI preview 2 that a component without files and without network can come to call.</summary>
internal enum Preview2Function
{
    /// <summary>One that needs a resource that is never handed out, or that is newer than what is known here.</summary>
    NotOffered,

    GetEnvironment,
    GetArguments,
    InitialCwd,
    Exit,
    ExitWithCode,
    GetStdin,
    GetStdout,
    GetStderr,
    GetTerminal,

    WallClockNow,
    WallClockResolution,
    MonotonicNow,
    MonotonicResolution,
    SubscribeInstant,
    SubscribeDuration,

    GetRandomBytes,
    GetRandomU64,
    InsecureSeed,

    ErrorToDebugString,
    PollableReady,
    PollableBlock,
    Poll,
    InputSubscribe,
    OutputSubscribe,
    Read,
    Skip,
    CheckWrite,
    Write,
    WriteZeroes,
    Flush,
    Splice,

    GetDirectories,
    FilesystemErrorCode,

    InstanceNetwork,
    CreateSocket,
    ResolveAddresses,
}
