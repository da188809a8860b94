using Wagi.Runtime.Guests;
using Wagi.Runtime.Lowering;

namespace Wagi.Runtime.Wasip2;

/// <summary><c>wasi:io/poll.pollable</c>: something to wait for.</summary>
internal abstract class Pollable : Resource
{
    /// <summary>Whether there is nothing to wait for any more.</summary>
    public abstract bool IsReady(GuestRun run);

    /// <summary>When it is ready at the latest, on the guest's monotonic clock.</summary>
    public virtual ulong Due => ulong.MaxValue;

    /// <summary>Ends when it may be ready; null: nothing of that kind is waited for.</summary>
    public virtual Task? Pending(GuestRun run) => null;

    /// <summary>Whether it waits for the client of the guest, whose time is not the guest's.</summary>
    public virtual bool IsForClient => false;
}

/// <summary>Always ready.</summary>
internal sealed class ReadyPollable : Pollable
{
    public static readonly ReadyPollable Instance = new();

    public override bool IsReady(GuestRun run) => true;
}

/// <summary>Ready at a time.</summary>
internal sealed class ClockPollable(ulong due) : Pollable
{
    public override ulong Due => due;

    public override bool IsReady(GuestRun run) => due <= run.Monotonic;
}

/// <summary>Ready when stdin can be read.</summary>
internal sealed class StdinPollable : Pollable
{
    public static readonly StdinPollable Instance = new();

    public override bool IsReady(GuestRun run) => run.IsStdinReady;

    public override Task? Pending(GuestRun run) => run.StdinArrival;

    public override bool IsForClient => true;
}
