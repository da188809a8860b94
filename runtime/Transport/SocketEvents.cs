using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Wagi.Runtime.Transport;

/// <summary>
/// What the kernel has to say about sockets (epoll(7)): to any of the threads that wait, one event for one of them. What was said is not said
/// again, until there is something new.
/// </summary>
internal sealed unsafe partial class SocketEvents : IDisposable
{
    private const int CloseOnExec = 0x80000;
    private const int NonBlocking = 0x800;
    private const int ControlAdd = 1;
    private const uint EdgeTriggered = 1u << 31;

    /// <summary>The key of <see cref="WakeUp"/>.</summary>
    public const ulong WokenUp = 0;

    private readonly SafeFileHandle _epoll;
    private readonly SafeFileHandle _wakeUp;

    public SocketEvents()
    {
        _epoll = new SafeFileHandle(Check(Create(CloseOnExec)), ownsHandle: true);
        _wakeUp = new SafeFileHandle(Check(CreateCounter(0, CloseOnExec | NonBlocking)), ownsHandle: true);
        Add(_wakeUp, WokenUp, SocketEvent.Readable);
    }

    /// <summary>Begins to tell of a socket: until it is closed.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="key">What its events are to be known by; not <see cref="WokenUp"/>.</param>
    /// <param name="events">Which events.</param>
    /// <exception cref="Win32Exception">The kernel refuses.</exception>
    public void Add(SafeHandle socket, ulong key, SocketEvent events)
    {
        var entry = new Entry((uint)events | EdgeTriggered, key);
        Check(Control(_epoll, ControlAdd, socket, entry.Address()));
    }

    /// <summary>Waits for the next event.</summary>
    /// <param name="key">Of which socket, or <see cref="WokenUp"/>.</param>
    public SocketEvent Wait(out ulong key)
    {
        SocketEvent events;
        while (!TryTake(Timeout.Infinite, out key, out events))
        {
            // A signal has interrupted it.
        }

        return events;
    }

    /// <summary>Takes the next event if there is one.</summary>
    /// <param name="key">As in <see cref="Wait"/>.</param>
    /// <param name="events">What is said of it.</param>
    public bool TryTake(out ulong key, out SocketEvent events) => TryTake(milliseconds: 0, out key, out events);

    private bool TryTake(int milliseconds, out ulong key, out SocketEvent events)
    {
        Entry entry = default;
        var count = Wait((int)_epoll.DangerousGetHandle(), entry.Address(), 1, milliseconds);
        key = entry.Key;
        events = entry.Events;
        return count > 0;
    }

    /// <summary>Lets one of those who wait go on, behind the events that are there.</summary>
    public void WakeUp()
    {
        var one = 1ul;
        _ = Write(_wakeUp, &one, sizeof(ulong));
    }

    public void Dispose()
    {
        _wakeUp.Dispose();
        _epoll.Dispose();
    }

    private static int Check(int result) => result >= 0 ? result : throw new Win32Exception(Marshal.GetLastPInvokeError());

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int Create(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int Control(SafeHandle epoll, int operation, SafeHandle file, void* entry);

    [LibraryImport("libc", EntryPoint = "epoll_wait")]
    private static partial int Wait(int epoll, void* entries, int max, int milliseconds);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    private static partial int CreateCounter(uint value, int flags);

    [LibraryImport("libc", EntryPoint = "write")]
    private static partial nint Write(SafeHandle file, void* bytes, nuint length);

    /// <summary>The kernel's <c>struct epoll_event</c>, which is packed on x86-64 and nowhere else.</summary>
    private ref struct Entry
    {
        private static readonly int s_keyAt = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? sizeof(uint) : sizeof(ulong);

        private fixed byte _bytes[2 * sizeof(ulong)];

        public Entry(uint events, ulong key)
        {
            *(uint*)Address() = events;
            *(ulong*)((byte*)Address() + s_keyAt) = key;
        }

        public SocketEvent Events => *(SocketEvent*)Address();

        public ulong Key => *(ulong*)((byte*)Address() + s_keyAt);

        // A ref struct is on the stack.
        public void* Address() => Unsafe.AsPointer(ref _bytes[0]);
    }
}

/// <summary>epoll_ctl(2).</summary>
[Flags]
internal enum SocketEvent : uint
{
    None = 0,

    /// <summary>Something has come.</summary>
    Readable = 0x1,

    /// <summary>There is room to send.</summary>
    Writable = 0x4,

    /// <summary>An error waits to be taken.</summary>
    Error = 0x8,

    /// <summary>Both directions have ended.</summary>
    HungUp = 0x10,

    /// <summary>Nothing more will come.</summary>
    PeerEnded = 0x2000,
}
