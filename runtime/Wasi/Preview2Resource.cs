namespace Wagi.Runtime.Wasi;

/// <summary>The types of resources in WASI preview 2. All but the first five are never handed out, or lead nowhere.</summary>
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
