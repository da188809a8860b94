using Wagi.Runtime.Guests;
using Wagi.Runtime.Interop;
using Wagi.Runtime.Lowering;

namespace Wagi.Runtime.Wasip2;

/// <summary><c>wasi:io/poll</c>.</summary>
internal static class PollFunctions
{
    private const string Poll = "wasi:io/poll";

    public static void AddTo(LoweredFunctions functions)
    {
        functions.AddDrop<Pollable>(Poll, "pollable");
        functions.Add(Poll, "[method]pollable.ready", "i", "i", static (in call) => call.Resource<Pollable>(0).IsReady(call.Run) ? 1 : 0);
        functions.Add(Poll, "[method]pollable.block", "i", "", static (in call) =>
        {
            Wait(call.Run, [call.Resource<Pollable>(0)]);
            return 0;
        });
        functions.Add(Poll, "poll", "iii", "", PollAll);
    }

    /// <summary>Waits until one of them is ready, or the run is stopped.</summary>
    public static void Wait(GuestRun run, ReadOnlySpan<Pollable> pollables)
    {
        while (!run.IsStopped && !IsAnyReady(run, pollables))
        {
            WaitOnce(run, pollables);
        }
    }

    private static void WaitOnce(GuestRun run, ReadOnlySpan<Pollable> pollables)
    {
        var due = ulong.MaxValue;
        var isForClient = false;
        var isForOthers = false;
        List<Task>? pending = null;
        foreach (var pollable in pollables)
        {
            due = Math.Min(due, pollable.Due);
            isForClient |= pollable.IsForClient;
            if (pollable.Pending(run) is { } task)
            {
                isForOthers |= !pollable.IsForClient;
                (pending ??= []).Add(task);
            }
        }

        var now = run.Monotonic;
        var left = due > now ? due - now : 0;
        _ = isForOthers ? run.Await(pending!.Count == 1 ? pending[0] : Task.WhenAny(pending), left)
            : isForClient ? run.WaitForStdin(left)
            : run.Sleep(left);
    }

    private static bool IsAnyReady(GuestRun run, ReadOnlySpan<Pollable> pollables)
    {
        foreach (var pollable in pollables)
        {
            if (pollable.IsReady(run))
            {
                return true;
            }
        }

        return false;
    }

    private static long PollAll(in LoweredCall call)
    {
        var count = call.U32(1);
        if (count == 0)
        {
            throw new TrapException("poll was called with an empty list");
        }

        // As many as there can be handles, and some of them twice.
        if (count > HandleTable.Most)
        {
            throw new TrapException($"poll was called with {count} pollables; the most is {HandleTable.Most}");
        }

        var pollables = new Pollable[count];
        for (var i = 0u; i < count; i++)
        {
            pollables[i] = call.Component.Handles.Get<Pollable>(call.Memory.ReadU32(Element(call.U32(0), i)));
        }

        Wait(call.Run, pollables);
        if (call.Run.IsStopped)
        {
            return 0;
        }

        var ready = new List<uint>();
        for (var i = 0u; i < count; i++)
        {
            if (pollables[i].IsReady(call.Run))
            {
                ready.Add(i);
            }
        }

        var at = call.StoreList(call.U32(2), ready.Count, sizeof(uint), sizeof(uint));
        for (var i = 0; i < ready.Count; i++)
        {
            call.Memory.WriteU32(at + ((uint)i * sizeof(uint)), ready[i]);
        }

        return 0;
    }

    private static uint Element(uint list, uint index) => Wasi.StdioStreams.Element(list, index, sizeof(uint));
}
