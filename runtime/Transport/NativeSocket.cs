using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Wagi.Runtime.Transport;

/// <summary>What is asked of the kernel for a connected socket, none of which waits.</summary>
internal static unsafe partial class NativeSocket
{
    /// <summary>Parts of a buffer that are sent with one call.</summary>
    private const int MaxParts = 16;

    private const int DontWait = 0x40;
    private const int NoSignal = 0x4000;
    private const int Interrupted = 4;
    private const int WouldBlock = 11;

    /// <summary>Takes what has come.</summary>
    /// <returns>How many bytes; 0: the other side has ended; <see cref="Nothing"/>; or an error, as a negative number.</returns>
    public static int Receive(SafeHandle socket, Span<byte> target)
    {
        fixed (byte* bytes = target)
        {
            nint count;
            do
            {
                count = Receive((int)socket.DangerousGetHandle(), bytes, (nuint)target.Length, DontWait);
            }
            while (count < 0 && Marshal.GetLastPInvokeError() == Interrupted);
            return Result(count);
        }
    }

    /// <summary>Sends as much as there is room for.</summary>
    /// <returns>How many bytes; <see cref="Nothing"/>; or an error, as a negative number.</returns>
    public static int Send(SafeHandle socket, in ReadOnlySequence<byte> source)
    {
        var handles = default(Handles);
        var parts = stackalloc Part[MaxParts];
        var used = 0;
        try
        {
            foreach (var memory in source)
            {
                if (used == MaxParts)
                {
                    break;
                }

                handles[used] = memory.Pin();
                parts[used] = new Part { Bytes = handles[used].Pointer, Length = (nuint)memory.Length };
                used++;
            }

            var message = new Message { Parts = parts, Count = (nuint)used };
            nint count;
            do
            {
                count = Send((int)socket.DangerousGetHandle(), &message, DontWait | NoSignal);
            }
            while (count < 0 && Marshal.GetLastPInvokeError() == Interrupted);
            return Result(count);
        }
        finally
        {
            for (var i = 0; i < used; i++)
            {
                handles[i].Dispose();
            }
        }
    }

    /// <summary>There is nothing to take, or no room, for now.</summary>
    public const int Nothing = -WouldBlock;

    /// <summary>Ends the connection in a way that the other side cannot take for the end of an answer (RFC 9293 §3.10.5).</summary>
    public static void Reset(SafeHandle socket)
    {
        // connect(2): "AF_UNSPEC … dissolves the association".
        ulong* unspecified = stackalloc ulong[2];
        unspecified[0] = 0;
        unspecified[1] = 0;
        _ = Connect((int)socket.DangerousGetHandle(), unspecified, 2 * sizeof(ulong));
    }

    private static int Result(nint count) => count < 0 ? -Marshal.GetLastPInvokeError() : (int)count;

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint Receive(int socket, byte* target, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    private static partial nint Send(int socket, Message* message, int flags);

    [LibraryImport("libc", EntryPoint = "connect", SetLastError = true)]
    private static partial int Connect(int socket, void* address, uint length);

    [InlineArray(MaxParts)]
    private struct Handles
    {
        private MemoryHandle _first;
    }

    /// <summary>The kernel's <c>struct iovec</c>.</summary>
    private struct Part
    {
        public void* Bytes;
        public nuint Length;
    }

    /// <summary>The kernel's <c>struct msghdr</c>, of 64-bit machines.</summary>
    private struct Message
    {
        public void* Name;
        public ulong NameLength;
        public Part* Parts;
        public nuint Count;
        public void* Control;
        public nuint ControlLength;
        public ulong Flags;
    }
}
