using System.Text;
using Wagi.Runtime.Components;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Interop;

namespace Wagi.Runtime.Lowering;

/// <summary>What the host keeps for one run of a component.</summary>
internal sealed class ComponentRun : IDisposable
{
    private const int MaxReallocs = 64;
    private const long MaxHostBytes = 1 << 20;

    private static readonly RunState<ComponentRun> State = new();
    private static readonly byte[][] ReallocNames = [.. Enumerable.Range(0, MaxReallocs).Select(i => Encoding.UTF8.GetBytes(FusedComponent.Realloc(i)))];

    // A guest runs on one thread: the next one there uses the same object, and its lists are as long as they need to be.
    [ThreadStatic]
    private static ComponentRun? unused;

    private readonly FuncRef?[] _reallocs = new FuncRef?[MaxReallocs];
    private long _taken;

    /// <summary>Takes memory of the host's, which the guest's own limit does not count, for as long as the run lasts or it is given back.</summary>
    /// <param name="bytes">How much; negative: gives back.</param>
    /// <exception cref="TrapException">That is more than one run may have.</exception>
    public void Take(int bytes)
    {
        _taken += bytes;
        if (_taken > MaxHostBytes)
        {
            throw new TrapException($"the component has more than {MaxHostBytes} bytes of the host's memory, in header fields, bodies whose head is not sent yet, and directories that it reads");
        }
    }

    /// <summary>Its handles.</summary>
    public HandleTable Handles { get; } = new();

    /// <summary>Whether the guest is giving the host memory, and may not call the host meanwhile (component model, "Canonical ABI": <c>may_leave</c>).</summary>
    public bool IsAllocating { get; set; }

    /// <summary>That of a guest that runs.</summary>
    public static ComponentRun Of(GuestRun run)
    {
        if (State.Of(run) is { } component)
        {
            return component;
        }

        component = unused ?? new ComponentRun();
        unused = null;
        State.Set(run, component);
        return component;
    }

    /// <summary>The function that gives memory, by its number.</summary>
    /// <exception cref="TrapException">The guest has none of that number.</exception>
    public FuncRef Realloc(in HostCall call, int number)
    {
        if (_reallocs[number] is { } known)
        {
            return known;
        }

        var function = call.FindFunction(ReallocNames[number]) ?? throw new TrapException("the component gives the host no memory (realloc)");
        _reallocs[number] = function;
        return function;
    }

    /// <summary>Whether there is room for so many functions that give memory.</summary>
    public static bool HasRealloc(int number) => number < MaxReallocs;

    public void Dispose()
    {
        Handles.Clear();
        Array.Clear(_reallocs);
        IsAllocating = false;
        _taken = 0;
        unused = this;
    }
}
