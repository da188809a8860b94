using Wagi.Runtime.Transport;

namespace Wagi.Runtime.Guests;

/// <summary>
/// Guests run on the threads that hear of their requests (<see cref="RequestThreads"/>, or the pool), which is fastest for the many that end
/// at once. One that computes for longer than a tick, sleeps, or waits for a slow client keeps its thread from everybody else: while it does, there
/// is one thread more; in the pool at once instead of after its usual half second of starvation.
/// </summary>
internal sealed class ThreadReserve
{
    private readonly Lock _lock = new();
    private readonly int _workers;
    private readonly int _completionPorts;
    private readonly RunQueue _starts;
    private int _kept;
    private int _keptOfPool;

    /// <param name="starts">Whoever waits to begin need not wait for a guest that keeps its thread.</param>
    public ThreadReserve(RunQueue starts)
    {
        _starts = starts;
        ThreadPool.GetMinThreads(out _workers, out _completionPorts);
    }

    /// <summary>How many guests keep a thread.</summary>
    public int Kept => Volatile.Read(ref _kept);

    /// <summary>The guest on this thread keeps it.</summary>
    public void Keep()
    {
        Change(1);
        _starts.Detach();
        RequestThreads.Keep();
    }

    /// <summary>The guest has ended, on the same thread.</summary>
    public void Release() => Change(-1);

    private void Change(int delta)
    {
        lock (_lock)
        {
            _kept += delta;
            if (!RequestThreads.IsCurrent)
            {
                _keptOfPool += delta;
                ThreadPool.SetMinThreads(_workers + _keptOfPool, _completionPorts);
            }
        }
    }
}
