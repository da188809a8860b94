using System.Diagnostics;
using System.Runtime.InteropServices;
using Wagi.Runtime.Interop;
using Wagi.Runtime.Outbound;
using Wagi.Runtime.Wasi;

namespace Wagi.Runtime.Guests;

/// <summary>
/// What one run of a guest sees and may use: arguments, environment, stdin, where its output goes, and how long it may take. Used
/// for one run at a time, on one thread at a time; <see cref="Reset"/> makes it ready for the next.
/// </summary>
public sealed class GuestRun
{
    private GCHandle _self;
    private StdioDescriptor _fd0;
    private StdioDescriptor _fd1;
    private StdioDescriptor _fd2;
    private Dictionary<uint, StdioDescriptor>? _moved;
    private int _stdinPosition;
    private long _start;
    private long _deadline;
    private ThreadReserve? _reserve;
    private bool _hasTicked;
    private bool _holdsThread;
    private GuestOutcome _outcome;
    private string _message = "";
    private int _exitCode;
    private Exception? _failure;
    private OutboundSessions? _sessions;

    /// <summary>The argument list, program name first.</summary>
    public StringBlock Arguments { get; } = new();

    /// <summary>The environment, as <c>NAME=value</c>.</summary>
    public StringBlock Environment { get; } = new();

    /// <summary>What it reads from descriptor 0.</summary>
    public ReadOnlyMemory<byte> Stdin { get; set; }

    /// <summary>Read instead of <see cref="Stdin"/>, no sooner than the guest asks for it; null: there is none. Stays the caller's.</summary>
    public Stream? StdinStream { get; set; }

    /// <summary>Where descriptor 1 leads to.</summary>
    public IGuestOutput Stdout { get; set; } = DiscardedOutput.Instance;

    /// <summary>Where descriptor 2 leads to.</summary>
    public IGuestOutput Stderr { get; set; } = DiscardedOutput.Instance;

    /// <summary>How long it may run, waiting included.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>What its linear memory may grow to, in bytes.</summary>
    public long MemoryLimit { get; set; } = 128L << 20;

    /// <summary>The files that it sees, which may be none; null: WASI without files, which is faster.</summary>
    public GuestFiles? Files { get; set; }

    /// <summary>What it may reach by HTTP; null: nothing.</summary>
    internal OutboundAccess? Outbound { get; set; }

    /// <summary>The responses that it holds open; null when it may reach nothing.</summary>
    internal OutboundSessions? OutboundSessions => _sessions ??= Outbound is null ? null : new OutboundSessions(Outbound);

    /// <summary>What went wrong in the host (in an output, that is) during the last run; null when nothing did.</summary>
    public Exception? Failure => _failure;

    /// <summary>Passed to the store, for the callbacks to find this object by; valid from <see cref="Start"/> to <see cref="Finish"/>.</summary>
    internal nint Handle => GCHandle.ToIntPtr(_self);

    internal bool IsStopped { get; private set; }

    internal bool HasMemory { get; private set; }

    /// <summary>The exported memory of the instance; meaningful with <see cref="HasMemory"/>.</summary>
    internal MemoryRef Memory;

    /// <summary>The functions of the run's <see cref="WasiBridge"/>; null as long as it has none.</summary>
    internal FuncRef[]? BridgeFunctions { get; set; }

    /// <summary>What the pollables of a component wait for.</summary>
    internal Pollables Pollables { get; } = new();

    /// <summary>Nanoseconds since the run began: the guest's monotonic clock, which tells nothing about the host.</summary>
    internal ulong Monotonic => (ulong)(Stopwatch.GetElapsedTime(_start).Ticks * 100);

    /// <summary>What a descriptor leads to. Another than 0, 1 and 2 gets there when a guest with files renumbers one.</summary>
    internal StdioDescriptor this[uint fd]
    {
        get => fd switch { 0 => _fd0, 1 => _fd1, 2 => _fd2, _ => _moved?.GetValueOrDefault(fd) ?? StdioDescriptor.Closed };
        set
        {
            switch (fd)
            {
                case 0: _fd0 = value; break;
                case 1: _fd1 = value; break;
                case 2: _fd2 = value; break;
                default:
                    if (_moved is not null || value != StdioDescriptor.Closed)
                    {
                        (_moved ??= [])[fd] = value;
                    }

                    break;
            }
        }
    }

    /// <summary>Forgets arguments, environment, input and outputs.</summary>
    public void Reset()
    {
        Arguments.Clear();
        Environment.Clear();
        Stdin = default;
        StdinStream = null;
        Stdout = DiscardedOutput.Instance;
        Stderr = DiscardedOutput.Instance;
        Files = null;
        Outbound = null;
        _failure = null;
    }

    internal void Start(ThreadReserve reserve)
    {
        _self = GCHandle.Alloc(this);
        _fd0 = StdioDescriptor.Stdin;
        _fd1 = StdioDescriptor.Stdout;
        _fd2 = StdioDescriptor.Stderr;
        _moved = null;
        BridgeFunctions = null;
        Pollables.Clear();
        _stdinPosition = 0;
        _start = Stopwatch.GetTimestamp();
        _deadline = _start + (long)(Timeout.TotalSeconds * Stopwatch.Frequency);
        _reserve = reserve;
        _hasTicked = false;
        _holdsThread = false;
        _outcome = GuestOutcome.Completed;
        _message = "";
        _exitCode = 0;
        _failure = null;
        IsStopped = false;
        HasMemory = false;
    }

    /// <summary>The end of the run. <paramref name="error"/> is what the call gave back, and is freed.</summary>
    internal GuestResult Finish(NativeError error, GuestOutcome otherwise)
    {
        _self.Free();
        _sessions?.Dispose();
        _sessions = null;
        if (_holdsThread)
        {
            _reserve!.Release();
            _holdsThread = false;
        }

        if (IsStopped)
        {
            error.Free();
            return new GuestResult(_outcome, _exitCode, _message);
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

    internal void Stop(GuestOutcome outcome, string message = "")
    {
        // The first reason counts: an output that refuses because the time is up has said so already.
        if (IsStopped)
        {
            return;
        }

        IsStopped = true;
        _outcome = outcome;
        _message = message;
    }

    internal void Exit(int code)
    {
        _exitCode = code;
        Stop(code == 0 ? GuestOutcome.Completed : GuestOutcome.Failed, code == 0 ? "" : $"exit code {(uint)code}");
    }

    internal void Fail(Exception exception)
    {
        _failure = exception;
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

        var rest = Stdin.Span[_stdinPosition..];
        var count = Math.Min(rest.Length, target.Length);
        rest[..count].CopyTo(target);
        _stdinPosition += count;
        return count;
    }

    private int ReadStream(Stream stream, Span<byte> target)
    {
        // An array of its own: a read that is given up at the deadline goes on writing to it.
        var bytes = new byte[Math.Min(target.Length, 64 << 10)];
        try
        {
            Stdout.Flush();
            var read = stream.ReadAsync(bytes).AsTask();
            if (!WaitFor(read))
            {
                return 0;
            }

            bytes.AsSpan(0, read.Result).CopyTo(target);
            return read.Result;
        }
        catch (AggregateException error)
        {
            Fail(error.InnerException!);
            return 0;
        }
    }

    /// <summary>Called while the guest computes, once every tick. False: it must not go on.</summary>
    internal bool Tick()
    {
        if (Stopwatch.GetTimestamp() >= _deadline)
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

        HoldThread();
        if (Stdout.Aborted.IsCancellationRequested)
        {
            Stop(GuestOutcome.Cancelled);
        }
        else if (!Stdout.Flush())
        {
            Stop(GuestOutcome.OutputRefused);
        }

        return !IsStopped;
    }

    /// <summary>The guest sleeps for so many nanoseconds at least. False: it must not go on.</summary>
    internal bool Sleep(ulong nanoseconds)
    {
        HoldThread();
        if (!Stdout.Flush())
        {
            Stop(GuestOutcome.OutputRefused);
            return false;
        }

        var end = Monotonic + Math.Min(nanoseconds, long.MaxValue);
        var aborted = Stdout.Aborted;
        while (!IsStopped && Monotonic < end)
        {
            var left = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), _deadline);
            if (left <= TimeSpan.Zero)
            {
                Stop(GuestOutcome.DeadlineExceeded);
                break;
            }

            // Waits count in whole milliseconds: rounded up, so that the guest never sleeps too short.
            var milliseconds = Math.Min((end - Monotonic + 999_999) / 1_000_000, (ulong)Math.Ceiling(left.TotalMilliseconds));
            if (Wait((int)Math.Min(milliseconds, 60_000), aborted))
            {
                Stop(GuestOutcome.Cancelled);
            }
        }

        return !IsStopped;
    }

    /// <summary>Waits for something on the guest's behalf, as for <see cref="Sleep"/>. False: it must not go on.</summary>
    internal bool WaitFor(Task task)
    {
        HoldThread();
        var left = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), _deadline);
        try
        {
            if (left <= TimeSpan.Zero || !task.Wait((int)Math.Ceiling(Math.Min(left.TotalMilliseconds, int.MaxValue)), Stdout.Aborted))
            {
                Stop(GuestOutcome.DeadlineExceeded);
            }
        }
        catch (OperationCanceledException)
        {
            Stop(GuestOutcome.Cancelled);
        }

        return !IsStopped;
    }

    /// <summary>
    /// Waits for something that takes its time; what the guest has written so far goes out first. False: the guest must not go on.
    /// </summary>
    internal bool Await(Task task)
    {
        if (task.IsCompleted)
        {
            return true;
        }

        HoldThread();
        if (!Stdout.Flush())
        {
            Stop(GuestOutcome.OutputRefused);
            return false;
        }

        return WaitFor(task);
    }

    private static bool Wait(int milliseconds, CancellationToken aborted)
    {
        if (aborted.CanBeCanceled)
        {
            return aborted.WaitHandle.WaitOne(milliseconds);
        }

        Thread.Sleep(milliseconds);
        return false;
    }

    /// <summary>From here on the run counts as long: the pool gets another thread for everybody else.</summary>
    private void HoldThread()
    {
        if (!_holdsThread)
        {
            _holdsThread = true;
            _reserve!.Hold();
        }
    }
}
