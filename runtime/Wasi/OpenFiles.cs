using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Wasi;

/// <summary>
/// The files that one run has opened. Each takes a descriptor of the process, of which modules, connections and everything else need some: so a
/// run has a number of them, and all runs together a share. They are closed with the run.
/// </summary>
internal sealed class OpenFiles : IDisposable
{
    /// <summary>Files that a run may have open, directories included.</summary>
    public const int MostOfRun = 128;

    // mfile and nfile of preview 1: as if they came from Wasmtime, which answers all else about files.
    private const Errno TooManyOfRun = (Errno)33;
    private const Errno TooManyInAll = (Errno)41;

    private static readonly RunState<OpenFiles> State = new();
    private static long s_openInAll;

    private readonly HashSet<uint> _open = [];

    /// <summary>Why a run may open no more; null: it may.</summary>
    public static Errno? Refusal(GuestRun run) =>
        State.Of(run)?._open.Count >= MostOfRun ? TooManyOfRun
        : Volatile.Read(ref s_openInAll) >= ProcessCapacity.Files ? TooManyInAll
        : null;

    /// <summary>A file was opened.</summary>
    public static void Add(GuestRun run, uint descriptor)
    {
        if (State.Of(run) is not { } files)
        {
            files = new OpenFiles();
            State.Set(run, files);
        }

        if (files._open.Add(descriptor))
        {
            Interlocked.Increment(ref s_openInAll);
        }
    }

    /// <summary>A descriptor was closed, whatever it led to.</summary>
    public static void Remove(GuestRun run, uint descriptor)
    {
        if (State.Of(run)?._open.Remove(descriptor) == true)
        {
            Interlocked.Decrement(ref s_openInAll);
        }
    }

    /// <summary>A descriptor has another number now, of which the file was closed that had it.</summary>
    public static void Renumber(GuestRun run, uint from, uint to)
    {
        var isFile = State.Of(run)?._open.Contains(from) == true;
        Remove(run, to);
        Remove(run, from);
        if (isFile)
        {
            Add(run, to);
        }
    }

    public void Dispose() => Interlocked.Add(ref s_openInAll, -_open.Count);
}
