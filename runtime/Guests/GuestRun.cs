using System.Runtime.InteropServices;
using Wagi.Modules.Limits;
using Wagi.Runtime.Interop;

namespace Wagi.Runtime.Guests;

/// <summary>
/// What one run of a guest sees and may use: arguments, environment, stdin, where its output goes, and how long it may take. Used
/// for one run at a time, on one thread at a time; <see cref="Reset"/> makes it ready for the next.
/// </summary>
public sealed class GuestRun
{
    private const int MaxRead = 64 << 10;

    private GCHandle _self;
    private RunDescriptors _descriptors;
    private RunClock _clock;
    private CpuTurns? _turns;
    private CpuTurn _turn;
    private GuestResult _result;
    private int _statesOfRun;
    private long _stdinPosition;
    private long _stdinAtTick;
    private bool _isRunning;
    private bool _hasTicked;

    /// <summary>The argument list, program name first.</summary>
    public StringBlock Arguments { get; } = new();

    /// <summary>The environment, as <c>NAME=value</c>.</summary>
    public StringBlock Environment { get; } = new();

    /// <summary>Of the environment, what its operator has configured, as <c>NAME=value</c>; null: nothing. Stays the caller's.</summary>
    public StringBlock? Configuration { get; set; }

    /// <summary>What it reads from descriptor 0; null: nothing. Stays the caller's.</summary>
    public IGuestInput? Stdin { get; set; }

    /// <summary>Read instead of <see cref="Stdin"/>, no sooner than the guest asks for it; null: there is none. Stays the caller's.</summary>
    public Stream? StdinStream { get; set; }

    /// <summary>Where descriptor 1 leads to.</summary>
    public IGuestOutput Stdout { get; set; } = DiscardedOutput.Instance;

    /// <summary>Where descriptor 2 leads to.</summary>
    public IGuestOutput Stderr { get; set; } = DiscardedOutput.Instance;

    /// <summary>Whose it is: tenants take turns at the processors.</summary>
    public string Tenant { get; set; } = "";

    /// <summary>The id of the request that it answers, for logs; null: it answers none. Asked for only when there is something to say.</summary>
    internal Func<string>? RequestId { get; set; }

    /// <summary>How long it may run, waiting included, but not that for <see cref="Stdin"/>.</summary>
    public TimeSpan Timeout { get; set; } = ModuleLimits.DefaultTimeout;

    /// <summary>What its linear memory may grow to, in bytes.</summary>
    public long MemoryLimit { get; set; } = ModuleLimits.DefaultMemory;

    /// <summary>The request that it answers, for a guest that speaks HTTP itself; null: it does not.</summary>
    internal IHttpExchange? Exchange { get; set; }

    /// <summary>The files that it sees, which may be none; null: WASI without files, which is faster.</summary>
    internal IGuestFiles? Files { get; set; }

    /// <summary>The engine that it runs in; from when its store is made.</summary>
    internal EngineHandle? Engine { get; set; }

    /// <summary>What went wrong in the host (in an output, that is) during the last run; null when nothing did.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Passed to the store, for the callbacks to find this object by; valid from <see cref="Begin"/> to <see cref="End"/>.</summary>
    internal nint Handle => GCHandle.ToIntPtr(_self);

    /// <summary>The places of <see cref="RunState{T}"/>.</summary>
    internal object?[] States { get; } = new object?[RunStates.Count];

    /// <summary>Whether the guest must not go on.</summary>
    internal bool IsStopped { get; private set; }

    internal bool HasMemory { get; private set; }

    /// <summary>How large its memory was when the host last looked at it, in bytes: it only grows. 0: the host has not.</summary>
    internal long MemoryBytes { get; set; }

    /// <summary>The exported memory of the instance; meaningful with <see cref="HasMemory"/>.</summary>
    internal MemoryRef Memory;

    /// <summary>Nanoseconds since the run began: the guest's monotonic clock.</summary>
    internal ulong Monotonic => _clock.Elapsed;

    /// <summary>Where the time of the last run went.</summary>
    internal RunTimes Times { get; private set; }

    /// <summary>What a descriptor leads to.</summary>
    internal StdioDescriptor this[uint fd]
    {
        get => _descriptors[fd];
        set => _descriptors[fd] = value;
    }

    /// <summary>Forgets arguments, environment, input, outputs and all state.</summary>
    public void Reset()
    {
        Arguments.Clear();
        Environment.Clear();
        Configuration = null;
        Stdin = null;
        StdinStream = null;
        Stdout = DiscardedOutput.Instance;
        Stderr = DiscardedOutput.Instance;
        Files = null;
        Exchange = null;
        Tenant = "";
        RequestId = null;
        Failure = null;
        Array.Clear(States);
    }

    /// <summary>Whether it has computed for so long that it had to take turns.</summary>
    internal bool TookTurns { get; private set; }

    /// <summary>A guest is about to run. Each is followed by one <see cref="End"/>.</summary>
    internal void Begin(ThreadReserve threads, CpuTurns turns)
    {
        _self = GCHandle.Alloc(this);
        _descriptors = RunDescriptors.Standard;
        _clock.Start(Timeout, threads);
        _turns = turns;
        _result = default;
        _statesOfRun = 0;
        MemoryBytes = 0;
        _stdinPosition = 0;
        _stdinAtTick = 0;
        _isRunning = true;
        _hasTicked = false;
        TookTurns = false;
        Failure = null;
        IsStopped = false;
        HasMemory = false;
        SparedProcessor.Begin();
    }

    /// <summary>Waits for the first turn before the guest begins. False: it must not.</summary>
    internal bool AwaitTurn()
    {
        _clock.HoldThread();
        var hasTurn = TakeTurn();
        _clock.Ready();
        return hasTurn;
    }

    /// <summary>The guest has ended and its store is gone: gives back all that the run has held, whatever became of it.</summary>
    internal void End()
    {
        _isRunning = false;
        Times = _clock.Times();
        _self.Free();
        Pause();
        _clock.ReleaseThread();
        if (_statesOfRun != 0)
        {
            EndStates();
        }
    }

    /// <summary>There is an instance, and the guest's own code begins.</summary>
    internal void Instantiated() => _clock.Instantiated();

    /// <summary>What came of it.</summary>
    /// <param name="error">What the last call gave back; is freed.</param>
    /// <param name="otherwise">What an error means, unless the guest was stopped.</param>
    internal GuestResult Conclude(NativeError error, GuestOutcome otherwise)
    {
        if (IsStopped)
        {
            error.Free();
            return _result;
        }

        return error.IsFailure
            ? new GuestResult(otherwise, 0, error.TakeMessage())
            : new GuestResult(GuestOutcome.Completed, 0, "");
    }

    internal void SetMemory(in MemoryRef memory)
    {
        Memory = memory;
        HasMemory = true;
    }

    /// <summary>A <see cref="RunState{T}"/> was set: while the guest runs, it is the run's own.</summary>
    internal void StateChanged(int place)
    {
        if (_isRunning)
        {
            _statesOfRun |= 1 << place;
        }
    }

    /// <summary>Ends the run as soon as the guest returns to Wasmtime. Only the first reason counts.</summary>
    internal void Stop(GuestOutcome outcome, string message = "", int exitCode = 0)
    {
        if (!IsStopped)
        {
            IsStopped = true;
            _result = new GuestResult(outcome, exitCode, message);
        }
    }

    /// <summary>The guest ends itself.</summary>
    internal void Exit(int code) => Stop(
        code == 0 ? GuestOutcome.Completed : GuestOutcome.Failed, code == 0 ? "" : $"exit code {(uint)code}", code);

    /// <summary>A host function has thrown: the guest is at fault, or the host is.</summary>
    internal void Fail(Exception exception)
    {
        if (exception is TrapException)
        {
            Stop(GuestOutcome.Trapped, exception.Message);
            return;
        }

        Failure = exception;
        Stop(GuestOutcome.OutputRefused, exception.Message);
    }

    /// <param name="target">Where to.</param>
    /// <param name="mayWait">False: the guest has got something already, and does not wait for more.</param>
    /// <returns>How much was read; less than asked for is no end, 0 of a waiting read is.</returns>
    internal int ReadStdin(Span<byte> target, bool mayWait)
    {
        if (StdinStream is not null)
        {
            return mayWait && target.Length > 0 ? ReadStream(StdinStream, target) : 0;
        }

        if (Stdin is null)
        {
            return 0;
        }

        var count = Stdin.Read(_stdinPosition, target);
        for (var hasMore = mayWait && !target.IsEmpty; count == 0 && hasMore;)
        {
            // Nothing to wait for: it is the end, or has come since it was looked for.
            var more = Stdin.WaitForMore(_stdinPosition);
            hasMore = more is not null && WaitForInput(more);
            count = IsStopped ? 0 : Stdin.Read(_stdinPosition, target);
        }

        _stdinPosition += count;
        return count;
    }

    /// <summary>Whether reading stdin would not wait: there is something, or its end.</summary>
    internal bool IsStdinReady => StdinArrival is null;

    /// <summary>Ends when reading stdin would not wait any more; null: it would not now.</summary>
    internal Task? StdinArrival => Stdin?.WaitForMore(_stdinPosition) is { IsCompleted: false } more ? more : null;

    /// <summary>Waits until reading stdin would not wait, and for no longer than so many nanoseconds. False: the guest must not go on.</summary>
    internal bool WaitForStdin(ulong nanoseconds)
    {
        if (Stdin?.WaitForMore(_stdinPosition) is not { } more)
        {
            return true;
        }

        var now = Monotonic;
        return WaitForInput(more, now + Math.Min(nanoseconds, ulong.MaxValue - now));
    }

    /// <summary>Called while the guest computes, once every tick. False: it must not go on.</summary>
    internal bool Tick()
    {
        // Also when its time is over: that is when most of those end that compute without end.
        TookTurns = _hasTicked;
        if (_clock.IsOver)
        {
            Stop(GuestOutcome.DeadlineExceeded);
            return false;
        }

        // The first tick may come at once. Most guests have ended by the second, and their answer goes out in one piece.
        if (!_hasTicked)
        {
            _hasTicked = true;
            return true;
        }

        _clock.HoldThread();
        if (Stdout.Aborted.IsCancellationRequested)
        {
            Stop(GuestOutcome.Cancelled);
            return false;
        }

        if (_stdinPosition == _stdinAtTick)
        {
            Stdin?.Keep();
        }

        _stdinAtTick = _stdinPosition;
        return FlushStdout() && TakeTurn();
    }

    /// <summary>Puts the guest to sleep for at least this long. False: it must not go on.</summary>
    internal bool Sleep(ulong nanoseconds)
    {
        BeginWaiting();
        return FlushStdout() && GoesOn(_clock.Sleep(nanoseconds, Stdout.Aborted));
    }

    /// <summary>
    /// Waits for the answer to a request that the guest has sent; what it has written so far goes out first. False: the guest must not go on.
    /// </summary>
    internal bool Await(Task task)
    {
        if (task.IsCompleted)
        {
            return true;
        }

        return FlushStdout() && WaitFor(task, RunWait.Outbound);
    }

    /// <summary>Waits for the output itself, or whatever else needs no output to go out first. False: the guest must not go on.</summary>
    internal bool WaitFor(Task task, RunWait what)
    {
        BeginWaiting();
        return GoesOn(_clock.Wait(task, what, Stdout.Aborted));
    }

    /// <summary>As <see cref="Await(Task)"/>, for no longer than so many nanoseconds, after which the guest goes on.</summary>
    internal bool Await(Task task, ulong nanoseconds)
    {
        BeginWaiting();
        return FlushStdout() && GoesOn(_clock.Wait(task, nanoseconds, RunWait.Outbound, Stdout.Aborted));
    }

    /// <summary>As <see cref="WaitFor"/>, but not for long. False: it takes longer, and the guest may go on.</summary>
    internal bool WaitBriefly(Task task, TimeSpan atMost)
    {
        Pause();
        _clock.HoldThread();
        return task.Wait(atMost);
    }

    /// <summary>It waits for something else than its input, which is taken in meanwhile.</summary>
    private void BeginWaiting()
    {
        Pause();
        _clock.HoldThread();
        Stdin?.Keep();
    }

    /// <summary>It does not compute for now; its next tick asks for a turn again.</summary>
    private void Pause()
    {
        if (_turn.Kind != CpuTurnKind.None)
        {
            _turns!.Release(ref _turn);
            SparedProcessor.Release();
        }
    }

    private bool TakeTurn()
    {
        // Before it waits: it would wake up there and be in the way.
        if (_turn.Kind != CpuTurnKind.Spare)
        {
            SparedProcessor.Avoid();
        }

        var outcome = _turns!.Pass(ref _turn, Tenant, _clock.Left(), Stdout.Aborted);
        if (_turn.Kind != CpuTurnKind.Own)
        {
            SparedProcessor.Release();
        }

        return GoesOn(outcome);
    }

    private bool GoesOn(GuestOutcome outcome)
    {
        if (outcome != GuestOutcome.Completed)
        {
            Stop(outcome);
        }

        return !IsStopped;
    }

    private bool FlushStdout()
    {
        if (!Stdout.Flush())
        {
            Stop(GuestOutcome.OutputRefused);
        }

        return !IsStopped;
    }

    private bool WaitForInput(Task<bool> more, ulong due = ulong.MaxValue)
    {
        if (!more.IsCompleted)
        {
            Pause();
            _clock.HoldThread();
            if (!FlushStdout() || !GoesOn(_clock.WaitForInput(more, due, Stdout.Aborted)))
            {
                return false;
            }
        }

        if (more.IsCompleted && !more.Result)
        {
            Stop(GuestOutcome.InputBroken);
        }

        return !IsStopped;
    }

    private int ReadStream(Stream stream, Span<byte> target)
    {
        // An array of its own: a read that is given up at the deadline goes on writing to it.
        var bytes = new byte[Math.Min(target.Length, MaxRead)];
        try
        {
            Stdout.Flush();
            var read = stream.ReadAsync(bytes).AsTask();
            if (!WaitFor(read, RunWait.Input))
            {
                return 0;
            }

            bytes.AsSpan(0, read.Result).CopyTo(target);
            return read.Result;
        }
        catch (AggregateException exception)
        {
            Fail(new IOException($"stdin cannot be read: {exception.InnerException!.Message}", exception.InnerException));
            return 0;
        }
    }

    private void EndStates()
    {
        for (var place = 0; place < States.Length; place++)
        {
            if ((_statesOfRun & (1 << place)) != 0)
            {
                (States[place] as IDisposable)?.Dispose();
                States[place] = null;
            }
        }
    }
}
