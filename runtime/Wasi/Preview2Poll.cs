using Wagi.Runtime.Guests;
using Wagi.Runtime.Interop;

namespace Wagi.Runtime.Wasi;

/// <summary><c>wasi:io/poll</c>, and the functions that make what it waits for.</summary>
internal static class Preview2Poll
{
    public static void Subscribe(GuestRun run, in ComponentCall call, ulong due) =>
        call.Return(call.NewResource(run, Preview2Resource.Pollable, Pollables.Of(run).Add(due)));

    public static void SubscribeStream(GuestRun run, in ComponentCall call, Preview2Resource type, uint pollable)
    {
        call.Representation(call[0], type);
        call.Return(call.NewResource(run, Preview2Resource.Pollable, pollable));
    }

    public static bool IsReady(GuestRun run, uint pollable) =>
        pollable == Pollables.Input ? run.IsStdinReady : Pollables.Of(run)[pollable] <= run.Monotonic;

    /// <summary>Waits until one of them is ready.</summary>
    public static void Wait(GuestRun run, ReadOnlySpan<uint> pollables)
    {
        var due = ulong.MaxValue;
        foreach (var pollable in pollables)
        {
            if (IsReady(run, pollable))
            {
                return;
            }

            due = Math.Min(due, Pollables.Of(run)[pollable]);
        }

        var now = run.Monotonic;
        var left = due > now ? due - now : 0;
        if (pollables.Contains(Pollables.Input))
        {
            run.WaitForStdin(left);
        }
        else
        {
            run.Sleep(left);
        }
    }

    public static void Poll(GuestRun run, in ComponentCall call)
    {
        var list = call[0].AsList;
        if (list.IsEmpty)
        {
            throw new TrapException("poll was called with an empty list");
        }

        var pollables = new uint[list.Length];
        for (var i = 0; i < pollables.Length; i++)
        {
            pollables[i] = call.Representation(list[i], Preview2Resource.Pollable);
        }

        Wait(run, pollables);
        var ready = new List<ComponentValue>();
        for (var i = 0; i < pollables.Length; i++)
        {
            if (IsReady(run, pollables[i]))
            {
                ready.Add(ComponentValue.U32((uint)i));
            }
        }

        call.Return(ComponentValue.List([.. ready]));
    }
}

/// <summary>
/// What the pollables of a component wait for. Those of clocks have a number each; those of outputs have one together, and so have those of
/// stdin.
/// </summary>
internal sealed class Pollables
{
    /// <summary>Of a pollable that is always ready.</summary>
    public const uint Ready = 0;

    /// <summary>Of a pollable that is ready when there is something to read.</summary>
    public const uint Input = 1;

    private static readonly RunState<Pollables> State = new();

    private readonly List<ulong> _due = [0, ulong.MaxValue];
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
        if (number > Input)
        {
            _free.Push(number);
        }
    }
}
