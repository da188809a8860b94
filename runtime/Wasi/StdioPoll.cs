using System.Buffers.Binary;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Interop;

namespace Wagi.Runtime.Wasi;

/// <summary><c>poll_oneoff</c> of preview 1, for clocks and the standard streams.</summary>
internal static class StdioPoll
{
    /// <summary>The tag of a subscription to a clock.</summary>
    public const byte EventClock = 0;

    /// <summary>How many subscriptions of preview 1 are accepted.</summary>
    public const uint MaxSubscriptions = (uint)(StdioWasi.MaxCopy / 48);

    private const byte EventFdRead = 1;
    private const byte EventFdWrite = 2;
    private const uint EventSize = 32;

    /// <summary>Runs it; parameters are in <paramref name="a"/>.</summary>
    /// <exception cref="TrapException">A pointer is wrong: the guest traps.</exception>
    public static Errno Call(
        GuestRun run, GuestMemory memory, Subscription layout, ReadOnlySpan<RawValue> a)
    {
        var (subscriptions, events, count) = (a[0].U32, a[1].U32, a[2].U32);
        if (count == 0)
        {
            return Errno.Inval;
        }

        if (count * (ulong)layout.Size > StdioWasi.MaxCopy)
        {
            return Errno.Nomem;
        }

        // First see what is subscribed to, then wait, then tell what came: the guest waits, so that its memory cannot change.
        var start = run.Monotonic;
        var realtime = StdioWasi.Now();
        var wait = ulong.MaxValue;
        var wantsInput = false;
        for (var i = 0u; i < count; i++)
        {
            var subscription = layout.Read(memory, subscriptions, i);
            if (ReadSubscription(run, subscription, layout, start, realtime, out var due) is not Errno.Success and var error)
            {
                return error;
            }

            wait = Math.Min(wait, due);
            wantsInput |= subscription[8] == EventFdRead;
        }

        if (wait > 0 && !(wantsInput ? run.WaitForStdin(wait) : run.Sleep(wait)))
        {
            return Errno.Success;
        }

        var passed = run.Monotonic - start;
        var written = 0u;
        for (var i = 0u; i < count; i++)
        {
            var subscription = layout.Read(memory, subscriptions, i);
            ReadSubscription(run, subscription, layout, start, realtime, out var due);
            if (due <= passed)
            {
                WriteEvent(subscription, memory.Struct(StdioStreams.Element(events, written++, EventSize), EventSize, 8));
            }
        }

        memory.WriteU32(a[3].U32, written);
        return Errno.Success;
    }

    /// <param name="due">Nanoseconds from the start of the call until the event: 0 for a descriptor that is ready, as all but stdin always are.</param>
    private static Errno ReadSubscription(
        GuestRun run, ReadOnlySpan<byte> fields, Subscription layout, ulong monotonic, ulong realtime, out ulong due)
    {
        due = 0;
        var fd = BinaryPrimitives.ReadUInt32LittleEndian(fields[16..]);
        switch (fields[8])
        {
            case EventClock:
                var clock = BinaryPrimitives.ReadUInt32LittleEndian(fields[layout.Clock..]);
                var timeout = BinaryPrimitives.ReadUInt64LittleEndian(fields[(layout.Clock + 8)..]);
                var flags = BinaryPrimitives.ReadUInt16LittleEndian(fields[(layout.Clock + 24)..]);
                if (clock > 1 || flags > 1)
                {
                    return Errno.Inval;
                }

                var now = clock == 0 ? realtime : monotonic;
                due = flags == 0 ? timeout : timeout > now ? timeout - now : 0;
                return Errno.Success;
            case EventFdRead:
                due = run.IsStdinReady ? 0 : ulong.MaxValue;
                return run[fd] == StdioDescriptor.Stdin ? Errno.Success : Errno.Badf;
            case EventFdWrite:
                return run[fd] is StdioDescriptor.Stdout or StdioDescriptor.Stderr ? Errno.Success : Errno.Badf;
            default:
                return Errno.Inval;
        }
    }

    private static void WriteEvent(ReadOnlySpan<byte> subscription, Span<byte> fields)
    {
        // Read before anything is written: the guest may have put the events where the subscriptions are.
        var userdata = BinaryPrimitives.ReadUInt64LittleEndian(subscription);
        var type = subscription[8];
        fields.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(fields, userdata);
        fields[10] = type;
        BinaryPrimitives.WriteUInt64LittleEndian(fields[16..], type == EventClock ? 0UL : 1UL);
    }

    /// <summary>How a subscription is laid out: its size, and where the clock's id is, with timeout and flags behind it.</summary>
    public readonly record struct Subscription(uint Size, int Clock)
    {
        public static readonly Subscription Preview1 = new(48, 16);
        public static readonly Subscription Unstable = new(56, 24);

        /// <exception cref="TrapException">It is not inside the memory, or not aligned.</exception>
        public ReadOnlySpan<byte> Read(GuestMemory memory, uint subscriptions, uint index) =>
            memory.Struct(StdioStreams.Element(subscriptions, index, Size), Size, 8);
    }
}
