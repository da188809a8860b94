namespace Wagi.Runtime.Guests;

/// <summary>Bounds of the process-wide sandbox.</summary>
public sealed record GuestEngineOptions
{
    /// <summary>Guests that may run at the same time in this process, all modules together: the slots of the pool. 1 to 10,000.</summary>
    public int MaxInstances { get; init; } = 256;

    /// <summary>Linear memory that a guest may grow to unless a request sets its own limit, in bytes; at most 4 GiB.</summary>
    public long MemoryLimit { get; init; } = 128L << 20;

    /// <summary>Table elements that a guest may hold, per table.</summary>
    public int MaxTableElements { get; init; } = 20_000;

    /// <summary>
    /// How often a running guest is interrupted to look at its deadline, at its client and at output that waits to be sent. 1 ms to 1 s.
    /// </summary>
    public TimeSpan Tick { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Stack of a guest, in bytes.</summary>
    public int StackSize { get; init; } = 512 << 10;

    /// <summary>
    /// Bytes of a slot that stay in memory between two requests and are cleared by hand, which is cheaper than handing pages back.
    /// </summary>
    public int KeepResident { get; init; } = 128 << 10;

    /// <exception cref="ArgumentException">A setting is out of its range; the message names it and its value.</exception>
    internal void Validate()
    {
        Require(MaxInstances is >= 1 and <= 10_000, nameof(MaxInstances), MaxInstances, "1 to 10000");
        Require(MemoryLimit is >= 65_536 and <= 4L << 30, nameof(MemoryLimit), MemoryLimit, "64Ki to 4Gi");
        Require(MaxTableElements is >= 1 and <= 1_000_000, nameof(MaxTableElements), MaxTableElements, "1 to 1000000");
        Require(Tick >= TimeSpan.FromMilliseconds(1) && Tick <= TimeSpan.FromSeconds(1), nameof(Tick), Tick, "1ms to 1s");
        Require(StackSize is >= 64 << 10 and <= 1 << 20, nameof(StackSize), StackSize, "64Ki to 1Mi");
        Require(KeepResident is >= 0 and <= 64 << 20, nameof(KeepResident), KeepResident, "0 to 64Mi");
    }

    private static void Require(bool condition, string name, object value, string range)
    {
        if (!condition)
        {
            throw new ArgumentException($"{name} is {value}; it must be {range}", name);
        }
    }
}
