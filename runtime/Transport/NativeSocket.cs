using System.Runtime.InteropServices;

namespace Wagi.Runtime.Transport;

/// <summary>What is asked of the kernel for a connected socket, none of which waits.</summary>
internal static unsafe partial class NativeSocket
{
    /// <summary>There is nothing to take, or no room, for now.</summary>
    public const int Nothing = -WouldBlock;

    private const int WouldBlock = 11;
    private const int DontWait = 0x40;
    private const int NoSignal = 0x4000;
    private const int More = 0x8000;

    /// <summary>Takes what has come (recv(2)).</summary>
    /// <returns>How many bytes; 0: the other side has ended; <see cref="Nothing"/>; or the number of an error, negative.</returns>
    public static int Receive(SafeHandle socket, Span<byte> target)
    {
        fixed (byte* bytes = target)
        {
            return Result(Receive((int)socket.DangerousGetHandle(), bytes, (nuint)target.Length, DontWait));
        }
    }

    /// <summary>Sends as much as there is room for (send(2)).</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="source">At least one byte.</param>
    /// <param name="hasMore">Whether more is sent right after it, in the same packet if it fits.</param>
    /// <returns>How many bytes; <see cref="Nothing"/>; or the number of an error, negative.</returns>
    public static int Send(SafeHandle socket, ReadOnlySpan<byte> source, bool hasMore)
    {
        fixed (byte* bytes = source)
        {
            return Result(Send((int)socket.DangerousGetHandle(), bytes, (nuint)source.Length, DontWait | NoSignal | (hasMore ? More : 0)));
        }
    }

    /// <summary>Ends the connection in a way that the other side cannot take for the end of an answer (RFC 9293 §3.10.5).</summary>
    public static void Reset(SafeHandle socket)
    {
        // connect(2): an address of AF_UNSPEC dissolves the association.
        var unspecified = stackalloc ulong[2] { 0, 0 };
        _ = Connect((int)socket.DangerousGetHandle(), unspecified, 2 * sizeof(ulong));
    }

    private static int Result(nint count) => count < 0 ? -Marshal.GetLastPInvokeError() : (int)count;

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint Receive(int socket, byte* target, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint Send(int socket, byte* source, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "connect")]
    private static partial int Connect(int socket, void* address, uint length);
}
