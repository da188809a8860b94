using Wagi.Modules.Status;

namespace Wagi.Runtime.Guests;

/// <summary>
/// A loaded module. Every run gets an instance of its own, so that nothing of one is left for the next, and any number run at the
/// same time. Disposing it lets the runs that have begun come to their end.
/// </summary>
public sealed class Guest : IDisposable
{
    /// <summary>The entrypoint of a WASI command.</summary>
    public const string DefaultEntrypoint = "_start";

    private readonly GuestEngine _engine;
    private readonly IGuestProgram _program;
    private int _references = 1;
    private int _disposed;

    internal Guest(GuestEngine engine, IGuestProgram program)
    {
        _engine = engine;
        _program = program;
        var added = false;
        _engine.Handle.DangerousAddRef(ref added);
    }

    /// <summary>The slots of the process, to be entered before <see cref="RunInSlot"/>.</summary>
    internal ConcurrencyGate Slots => _engine.Slots;

    /// <summary>The engine that it runs in.</summary>
    internal GuestEngine Engine => _engine;

    /// <summary>Whether the module exports a function of this name.</summary>
    public bool HasExport(string name) => _program.HasExport(name);

    /// <summary>Finds out what would keep the module from being run.</summary>
    /// <param name="entrypoint">The function that requests will call; null: <see cref="DefaultEntrypoint"/>.</param>
    /// <param name="hasFiles">Whether it will be run with <see cref="GuestRun.Files"/>.</param>
    /// <exception cref="GuestLoadException">
    /// <see cref="ModuleReason.UnknownImport"/>, with every import that is not offered, or <see cref="ModuleReason.EntrypointMissing"/>.
    /// </exception>
    public void Check(string? entrypoint, bool hasFiles = false) => _program.Check(entrypoint ?? DefaultEntrypoint, hasFiles);

    /// <summary>Runs the module once and waits for its end, first for a free slot if need be.</summary>
    /// <param name="process">What it sees and where its output goes.</param>
    /// <param name="entrypoint">The function to call; null: <see cref="DefaultEntrypoint"/>. <see cref="Check"/> has accepted it.</param>
    /// <exception cref="ObjectDisposedException">The guest has been disposed.</exception>
    public GuestResult Run(GuestRun process, string? entrypoint = null)
    {
        ArgumentNullException.ThrowIfNull(process);
        _engine.Slots.Enter();
        try
        {
            return RunInSlot(process, entrypoint);
        }
        finally
        {
            _engine.Slots.Leave();
        }
    }

    /// <summary>As <see cref="Run"/>, for a caller that has entered <see cref="GuestEngine.Slots"/> itself.</summary>
    internal GuestResult RunInSlot(GuestRun process, string? entrypoint)
    {
        ObjectDisposedException.ThrowIf(!TryAddReference(), this);
        try
        {
            return _program.Run(process, entrypoint ?? DefaultEntrypoint);
        }
        finally
        {
            Release();
        }
    }

    /// <summary>Unloads the module once the runs that have begun are over.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            Release();
        }
    }

    private bool TryAddReference()
    {
        var references = Volatile.Read(ref _references);
        while (references > 0)
        {
            var seen = Interlocked.CompareExchange(ref _references, references + 1, references);
            if (seen == references)
            {
                return true;
            }

            references = seen;
        }

        return false;
    }

    private void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0)
        {
            _program.Dispose();
            _engine.Handle.DangerousRelease();
        }
    }
}
