using Wagi.Runtime.Guests;
using Wagi.Runtime.Interop;

namespace Wagi.Runtime.Wasi;

/// <summary><c>wasi:io/poll</c>, and the functions that make what it waits for.</summary>
internal static class Preview2Poll
{
    public static void Subscribe(GuestRun run, in ComponentCall call, ulong due) =>
        call.Return(call.NewResource(run, Preview2Resource.Pollable, Pollables.Of(run).Add(due)));

    public static void SubscribeReady(GuestRun run, in ComponentCall call, Preview2Resource type)
    {
        call.Representation(call[0], type);
        call.Return(call.NewResource(run, Preview2Resource.Pollable, Pollables.Ready));
    }

    public static void Wait(GuestRun run, ulong due)
    {
        var now = run.Monotonic;
        if (due > now)
        {
            run.Sleep(due - now);
        }
    }

    public static void Poll(GuestRun run, in ComponentCall call)
    {
        var list = call[0].AsList;
        if (list.IsEmpty)
        {
            throw new TrapException("poll was called with an empty list");
        }

        var due = new ulong[list.Length];
        for (var i = 0; i < due.Length; i++)
        {
            due[i] = Pollables.Of(run)[call.Representation(list[i], Preview2Resource.Pollable)];
        }

        Wait(run, due.Min());
        var now = run.Monotonic;
        var ready = new List<ComponentValue>();
        for (var i = 0; i < due.Length; i++)
        {
            if (due[i] <= now)
            {
                ready.Add(ComponentValue.U32((uint)i));
            }
        }

        call.Return(ComponentValue.List([.. ready]));
    }
}

/// <summary>What the pollables of a component wait for. All but those of clocks are always ready, and have one number together.</summary>
internal sealed class Pollables
{
    /// <summary>Of a pollable that is always ready.</summary>
    public const uint Ready = 0;

    private static readonly RunState<Pollables> State = new();

    private readonly List<ulong> _due = [0];
    private readonly Stack<uint> _free = new();

    /// <summary>Those of a run.</summary>
    public static Pollables Of(GuestRun run)
    {
        if (State.Of(run) is { } pollables)
        {
            return pollables;
        }

        pollables = new Pollables();
        State.Set(run, pollables);
        return pollables;
    }

    /// <summary>When it is ready, on the guest's monotonic clock.</summary>
    public ulong this[uint number] => _due[(int)number];

    /// <summary>One more; <see cref="Preview2Handles"/> bounds how many there are.</summary>
    public uint Add(ulong due)
    {
        if (_free.TryPop(out var number))
        {
            _due[(int)number] = due;
            return number;
        }

        _due.Add(due);
        return (uint)_due.Count - 1;
    }

    public void Remove(uint number)
    {
        if (number != Ready)
        {
            _free.Push(number);
        }
    }
}
