namespace Wagi.Runtime.Guests;

/// <summary>Moves the engine's epoch on, by which running guests are interrupted. Rests while no guest runs.</summary>
internal sealed class EpochTicker : IDisposable
{
    // Idle ticks before it rests: waking it costs a request more than letting it tick does.
    private const int IdleTicks = 100;

    // Ticks without a guest that begins before it counts as quiet: a neighbour's clients pause too.
    private const int QuietTicks = 20;

    private readonly TimeSpan _interval;
    private readonly Action _tick;
    private readonly Thread _thread;
    private readonly ManualResetEventSlim _wake = new();
    private int _running;
    private volatile bool _resting;
    private volatile bool _disposed;
    private volatile bool _used;
    private volatile bool _isQuiet = true;

    /// <param name="interval">How often the epoch moves on.</param>
    /// <param name="tick">Moves it on.</param>
    public EpochTicker(TimeSpan interval, Action tick)
    {
        _interval = interval;
        _tick = tick;
        _thread = new Thread(Run) { IsBackground = true, Name = "guest epochs" };
        _thread.Start();
    }

    /// <summary>Guests between <see cref="Enter"/> and <see cref="Leave"/>.</summary>
    public int Running => Volatile.Read(ref _running);

    public bool IsResting => _resting;

    /// <summary>Whether no guest has begun for a while.</summary>
    public bool IsQuiet => _isQuiet;

    /// <summary>A guest starts.</summary>
    public void Enter()
    {
        // The increment is a full fence, and so is the barrier in Rest: one of the two sides sees the other.
        Interlocked.Increment(ref _running);
        _used = true;
        if (_resting)
        {
            _wake.Set();
        }
    }

    /// <summary>A guest has ended.</summary>
    public void Leave() => Interlocked.Decrement(ref _running);

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        _wake.Set();
        _thread.Join();
        _wake.Dispose();
    }

    private void Run()
    {
        var idle = 0;
        while (!_disposed)
        {
            Thread.Sleep(_interval);
            _tick();
            idle = _used ? 0 : idle + 1;
            _isQuiet = idle >= QuietTicks;
            _used = false;
            if (idle >= IdleTicks)
            {
                Rest();
                idle = 0;
            }
        }
    }

    private void Rest()
    {
        _resting = true;
        Interlocked.MemoryBarrier();
        if (Running == 0 && !_disposed)
        {
            _wake.Wait();
        }

        _resting = false;
        _wake.Reset();
    }
}
