using System.Runtime.CompilerServices;

namespace Wagi.Runtime.Guests;

/// <summary>
/// A place in every run where a layer above this one keeps what it knows of the run. Declared once, as a static field. What is put in
/// before the run stays until <see cref="GuestRun.Reset"/>; what is put in while the guest runs goes at its end, disposed if it can be.
/// </summary>
internal sealed class RunState<T>
    where T : class
{
    private readonly int _place = RunStates.Declare();

    /// <summary>What is there; null when nothing is.</summary>
    public T? Of(GuestRun run) => Unsafe.As<T?>(run.States[_place]);

    public void Set(GuestRun run, T? value)
    {
        run.States[_place] = value;
        run.StateChanged(_place);
    }
}

/// <summary>Hands out the places.</summary>
internal static class RunStates
{
    /// <summary>How many places a run has.</summary>
    public const int Count = 8;

    private static int _declared;

    public static int Declare()
    {
        var place = Interlocked.Increment(ref _declared) - 1;
        return place < Count ? place : throw new InvalidOperationException($"a run has {Count} places for state, and all are taken");
    }
}
