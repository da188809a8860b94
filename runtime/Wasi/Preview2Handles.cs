using Wagi.Runtime.Guests;
using Wagi.Runtime.Interop;

namespace Wagi.Runtime.Wasi;

/// <summary>
/// The handles that a component holds. Each takes memory of the host, which the memory limit of the guest does not count: so their number is
/// bounded.
/// </summary>
internal sealed class Preview2Handles
{
    private const int Most = 10_000;

    private static readonly RunState<Preview2Handles> State = new();

    private int _count;

    /// <summary>One more.</summary>
    /// <exception cref="TrapException">There are too many.</exception>
    public static void Add(GuestRun run)
    {
        if (State.Of(run) is not { } handles)
        {
            State.Set(run, handles = new Preview2Handles());
        }

        if (handles._count == Most)
        {
            throw new TrapException($"the component holds {Most} handles and wants one more; drop those that are not needed any more");
        }

        handles._count++;
    }

    /// <summary>The guest has dropped one.</summary>
    public static void Remove(GuestRun run) => State.Of(run)!._count--;
}
