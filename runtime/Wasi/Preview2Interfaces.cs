using Wagi.Runtime.Guests;
using Wagi.Runtime.Interop;

namespace Wagi.Runtime.Wasi;

/// <summary>What of WASI preview 2 (0.2) components may import.</summary>
internal static class Preview2Interfaces
{
    private static readonly Dictionary<string, Dictionary<string, Preview2Function>> All = new(StringComparer.Ordinal)
    {
        ["wasi:cli/environment"] = new()
        {
            ["get-environment"] = Preview2Function.GetEnvironment,
            ["get-arguments"] = Preview2Function.GetArguments,
            ["initial-cwd"] = Preview2Function.InitialCwd,
        },
        ["wasi:cli/exit"] = new() { ["exit"] = Preview2Function.Exit, ["exit-with-code"] = Preview2Function.ExitWithCode },
        ["wasi:cli/stdin"] = new() { ["get-stdin"] = Preview2Function.GetStdin },
        ["wasi:cli/stdout"] = new() { ["get-stdout"] = Preview2Function.GetStdout },
        ["wasi:cli/stderr"] = new() { ["get-stderr"] = Preview2Function.GetStderr },
        ["wasi:cli/terminal-input"] = [],
        ["wasi:cli/terminal-output"] = [],
        ["wasi:cli/terminal-stdin"] = new() { ["get-terminal-stdin"] = Preview2Function.GetTerminal },
        ["wasi:cli/terminal-stdout"] = new() { ["get-terminal-stdout"] = Preview2Function.GetTerminal },
        ["wasi:cli/terminal-stderr"] = new() { ["get-terminal-stderr"] = Preview2Function.GetTerminal },
        ["wasi:clocks/wall-clock"] = new()
        {
            ["now"] = Preview2Function.WallClockNow,
            ["resolution"] = Preview2Function.WallClockResolution,
        },
        ["wasi:clocks/monotonic-clock"] = new()
        {
            ["now"] = Preview2Function.MonotonicNow,
            ["resolution"] = Preview2Function.MonotonicResolution,
            ["subscribe-instant"] = Preview2Function.SubscribeInstant,
            ["subscribe-duration"] = Preview2Function.SubscribeDuration,
        },
        ["wasi:random/random"] = new()
        {
            ["get-random-bytes"] = Preview2Function.GetRandomBytes,
            ["get-random-u64"] = Preview2Function.GetRandomU64,
        },
        ["wasi:random/insecure"] = new()
        {
            ["get-insecure-random-bytes"] = Preview2Function.GetRandomBytes,
            ["get-insecure-random-u64"] = Preview2Function.GetRandomU64,
        },
        ["wasi:random/insecure-seed"] = new() { ["insecure-seed"] = Preview2Function.InsecureSeed },
        ["wasi:io/error"] = new() { ["[method]error.to-debug-string"] = Preview2Function.ErrorToDebugString },
        ["wasi:io/poll"] = new()
        {
            ["[method]pollable.ready"] = Preview2Function.PollableReady,
            ["[method]pollable.block"] = Preview2Function.PollableBlock,
            ["poll"] = Preview2Function.Poll,
        },
        ["wasi:io/streams"] = new()
        {
            ["[method]input-stream.read"] = Preview2Function.Read,
            ["[method]input-stream.blocking-read"] = Preview2Function.BlockingRead,
            ["[method]input-stream.skip"] = Preview2Function.Skip,
            ["[method]input-stream.blocking-skip"] = Preview2Function.BlockingSkip,
            ["[method]input-stream.subscribe"] = Preview2Function.InputSubscribe,
            ["[method]output-stream.check-write"] = Preview2Function.CheckWrite,
            ["[method]output-stream.write"] = Preview2Function.Write,
            ["[method]output-stream.blocking-write-and-flush"] = Preview2Function.Write,
            ["[method]output-stream.flush"] = Preview2Function.Flush,
            ["[method]output-stream.blocking-flush"] = Preview2Function.Flush,
            ["[method]output-stream.subscribe"] = Preview2Function.OutputSubscribe,
            ["[method]output-stream.write-zeroes"] = Preview2Function.WriteZeroes,
            ["[method]output-stream.blocking-write-zeroes-and-flush"] = Preview2Function.WriteZeroes,
            ["[method]output-stream.splice"] = Preview2Function.Splice,
            ["[method]output-stream.blocking-splice"] = Preview2Function.BlockingSplice,
        },
        ["wasi:filesystem/preopens"] = new() { ["get-directories"] = Preview2Function.GetDirectories },
        ["wasi:filesystem/types"] = new() { ["filesystem-error-code"] = Preview2Function.FilesystemErrorCode },
        ["wasi:sockets/instance-network"] = new() { ["instance-network"] = Preview2Function.InstanceNetwork },
        ["wasi:sockets/network"] = [],
        ["wasi:sockets/tcp"] = [],
        ["wasi:sockets/tcp-create-socket"] = new() { ["create-tcp-socket"] = Preview2Function.CreateSocket },
        ["wasi:sockets/udp"] = [],
        ["wasi:sockets/udp-create-socket"] = new() { ["create-udp-socket"] = Preview2Function.CreateSocket },
        ["wasi:sockets/ip-name-lookup"] = new() { ["resolve-addresses"] = Preview2Function.ResolveAddresses },
    };

    private static readonly Dictionary<string, Preview2Resource> Resources = new(StringComparer.Ordinal)
    {
        ["pollable"] = Preview2Resource.Pollable,
        ["error"] = Preview2Resource.Error,
        ["input-stream"] = Preview2Resource.InputStream,
        ["output-stream"] = Preview2Resource.OutputStream,
        ["network"] = Preview2Resource.Network,
        ["terminal-input"] = Preview2Resource.TerminalInput,
        ["terminal-output"] = Preview2Resource.TerminalOutput,
        ["descriptor"] = Preview2Resource.Descriptor,
        ["directory-entry-stream"] = Preview2Resource.DirectoryEntryStream,
        ["tcp-socket"] = Preview2Resource.TcpSocket,
        ["udp-socket"] = Preview2Resource.UdpSocket,
        ["incoming-datagram-stream"] = Preview2Resource.IncomingDatagramStream,
        ["outgoing-datagram-stream"] = Preview2Resource.OutgoingDatagramStream,
        ["resolve-address-stream"] = Preview2Resource.ResolveAddressStream,
    };

    /// <summary>Whether an interface is offered, in some 0.2 version; later ones add functions and change none.</summary>
    public static bool IsOffered(string interfaceName) => interfaceName.Contains("@0.2.", StringComparison.Ordinal) && All.ContainsKey(WithoutVersion(interfaceName));

    /// <summary>The function behind a name in an interface that is offered.</summary>
    public static Preview2Function Find(string interfaceName, string function) =>
        All[WithoutVersion(interfaceName)].GetValueOrDefault(function, Preview2Function.NotOffered);

    /// <summary>The type of a resource, whose name means the same in all interfaces.</summary>
    public static Preview2Resource Resource(string name) => Resources.GetValueOrDefault(name, Preview2Resource.Other);

    private static string WithoutVersion(string name) => name[..name.IndexOf('@', StringComparison.Ordinal)];
}

/// <summary>The functions of WASI preview 2 that a component without files and network can call.</summary>
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
    BlockingRead,
    Skip,
    BlockingSkip,
    CheckWrite,
    Write,
    WriteZeroes,
    Flush,
    Splice,
    BlockingSplice,

    GetDirectories,
    FilesystemErrorCode,

    InstanceNetwork,
    CreateSocket,
    ResolveAddresses,
}

/// <summary>The types of resources in WASI preview 2. A guest only ever gets the first five.</summary>
internal enum Preview2Resource
{
    Pollable = 1,
    Error,
    InputStream,
    OutputStream,
    Network,
    TerminalInput,
    TerminalOutput,
    Descriptor,
    DirectoryEntryStream,
    TcpSocket,
    UdpSocket,
    IncomingDatagramStream,
    OutgoingDatagramStream,
    ResolveAddressStream,
    Other,
}

/// <summary>Resources by their types in WASI preview 2.</summary>
internal static class Preview2Calls
{
    /// <summary>A new resource for the guest, which counts until it is dropped.</summary>
    /// <exception cref="TrapException">The guest holds too many.</exception>
    public static ComponentValue NewResource(this in ComponentCall call, GuestRun run, Preview2Resource type, uint representation = 0)
    {
        Preview2Handles.Add(run);
        return call.NewResource((uint)type, representation);
    }

    /// <inheritdoc cref="ComponentCall.Representation"/>
    public static uint Representation(this in ComponentCall call, in ComponentValue value, Preview2Resource type) =>
        call.Representation(value, (uint)type);
}
