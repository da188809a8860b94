using Wagi.Modules.Status;

namespace Wagi.Runtime.Guests;

/// <summary>
/// A loaded module. Every run gets an instance of its own, so that nothing of one is left for the next, and any number run at the
/// same time. Its owner disposes it when nobody runs it any more.
/// </summary>
public sealed class Guest : IDisposable
{
    /// <summary>The entrypoint of a WASI command.</summary>
    public const string DefaultEntrypoint = "_start";

    private readonly IGuestProgram _program;
    private readonly TypicalTime _time = new();
    private int _disposed;

    /// <exception cref="ObjectDisposedException">The engine has been disposed.</exception>
    internal Guest(GuestEngine engine, IGuestProgram program, string remark = "", bool isInitialized = false)
    {
        ObjectDisposedException.ThrowIf(!engine.TryJoin(), engine);
        Engine = engine;
        _program = program;
        Remark = remark;
        IsPreinitialized = isInitialized;
    }

    /// <summary>Whether it begins where its initialization has ended, which was run when it was compiled.</summary>
    public bool IsPreinitialized { get; }

    /// <summary>What there is to say to people about how it was compiled; empty: nothing.</summary>
    public string Remark { get; }

    /// <summary>The engine that it runs in.</summary>
    internal GuestEngine Engine { get; }

    /// <summary>Whether its runs are so short that they need no turns.</summary>
    internal bool IsShort => _time.IsShort;

    /// <summary>Whether the module exports a function of this name.</summary>
    public bool HasExport(string name) => _program.HasExport(name);

    /// <summary>Whether it answers a request by HTTP, <see cref="GuestRun.Exchange"/>, and not as CGI says.</summary>
    internal bool SpeaksHttp => _program.SpeaksHttp;

    /// <summary>Finds out what would keep the module from being run.</summary>
    /// <param name="entrypoint">The function that requests will call; null: <see cref="DefaultEntrypoint"/>.</param>
    /// <param name="hasFiles">Whether it will be run with <see cref="GuestRun.Files"/>.</param>
    /// <exception cref="GuestLoadException">
    /// <see cref="ModuleReason.UnknownImport"/>, with every import that is not offered, or <see cref="ModuleReason.EntrypointMissing"/>.
    /// </exception>
    public void Check(string? entrypoint, bool hasFiles = false) => _program.Check(entrypoint ?? DefaultEntrypoint, hasFiles);

    /// <summary>Runs the module once and waits for its end, first for a free slot if need be.</summary>
    /// <param name="run">What it sees and where its output goes.</param>
    /// <param name="entrypoint">The function to call; null: <see cref="DefaultEntrypoint"/>. <see cref="Check"/> has accepted it.</param>
    /// <exception cref="ObjectDisposedException">The guest has been disposed.</exception>
    public GuestResult Run(GuestRun run, string? entrypoint = null)
    {
        ArgumentNullException.ThrowIfNull(run);
        Engine.Slots.Enter();
        try
        {
            return RunInSlot(run, entrypoint);
        }
        finally
        {
            Engine.Slots.Leave();
        }
    }

    /// <summary>As <see cref="Run"/>, for a caller that has entered <see cref="GuestEngine.Slots"/> itself.</summary>
    internal GuestResult RunInSlot(GuestRun run, string? entrypoint)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        Engine.Ticker.Enter();
        run.Begin(Engine.Threads, Engine.Turns);
        try
        {
            return _time.IsLong && !run.AwaitTurn()
                ? run.Conclude(default, GuestOutcome.Completed)
                : _program.Run(run, entrypoint ?? DefaultEntrypoint);
        }
        finally
        {
            Engine.Ticker.Leave();
            run.End();
            _time.Add(run.Times.Total, run.TookTurns);
        }
    }

    /// <summary>Unloads the module. Nobody runs it, or will.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _program.Dispose();
            Engine.Leave();
        }
    }
}

/// <summary>The end of a guest.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="ExitCode">The code of <c>proc_exit</c>; 0 when the entrypoint returned; otherwise without meaning.</param>
/// <param name="Message">What to tell the operator; empty when it completed.</param>
public readonly record struct GuestResult(GuestOutcome Outcome, int ExitCode, string Message);

/// <summary>How a guest came to its end.</summary>
public enum GuestOutcome
{
    /// <summary>The entrypoint returned, or called <c>proc_exit(0)</c>.</summary>
    Completed,

    /// <summary>It called <c>proc_exit</c> with another code.</summary>
    Failed,

    /// <summary>A trap: unreachable code, memory out of bounds, stack exhausted, a wild pointer handed to WASI.</summary>
    Trapped,

    /// <summary>Its time was up.</summary>
    DeadlineExceeded,

    /// <summary>Nobody waits for it any more.</summary>
    Cancelled,

    /// <summary>An output refused what it wrote; the output's owner knows why.</summary>
    OutputRefused,

    /// <summary>What it reads does not come to its end; the input's owner knows why.</summary>
    InputBroken,

    /// <summary>It could not be started: no free slot, or its memory is larger than it may be.</summary>
    NotStarted,
}

/// <summary>The code of a loaded module, and how to run it once. Used by any number of threads.</summary>
internal interface IGuestProgram : IDisposable
{
    /// <summary>Whether it exports a function of this name.</summary>
    bool HasExport(string name);

    /// <summary>Whether it answers a request by HTTP, and not as CGI says.</summary>
    bool SpeaksHttp => false;

    /// <summary>Finds out what would keep it from being run.</summary>
    /// <param name="entrypoint">The function that will be called.</param>
    /// <param name="hasFiles">Whether it will be run with <see cref="GuestRun.Files"/>.</param>
    /// <exception cref="GuestLoadException"><see cref="ModuleReason.UnknownImport"/> or <see cref="ModuleReason.EntrypointMissing"/>.</exception>
    void Check(string entrypoint, bool hasFiles);

    /// <summary>Runs it, and waits for its end. <see cref="Check"/> has accepted the arguments.</summary>
    GuestResult Run(GuestRun run, string entrypoint);
}
