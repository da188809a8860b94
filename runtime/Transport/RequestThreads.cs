using System.ComponentModel;
using System.Diagnostics;
using System.IO.Pipelines;

namespace Wagi.Runtime.Transport;

/// <summary>
/// The threads that answer requests. Each waits for the next event of any connection, receives what has come and answers it, without another
/// thread in between. One that is kept, by a guest that takes its time, is replaced meanwhile.
/// </summary>
/// <remarks>The pattern is known as leader and followers (Schmidt et al., "Pattern-Oriented Software Architecture", volume 2).</remarks>
internal sealed class RequestThreads : IDisposable
{
    /// <summary>How long a thread that is not needed waits to be needed again.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [ThreadStatic]
    private static Worker? t_worker;

    private readonly SocketEvents _events = new();
    private readonly Spinning _spinning = new();
    private readonly ConnectionPlaces _connections = new();
    private readonly Lock _lock = new();
    private readonly Queue<IThreadPoolWorkItem> _posted = new();
    private readonly SemaphoreSlim _needed = new(0);
    private int _parked;
    private int _alive;
    private volatile bool _isStopped;

    /// <param name="count">How many there are that nothing keeps.</param>
    public RequestThreads(int count)
    {
        lock (_lock)
        {
            for (var i = 0; i < count; i++)
            {
                Start();
            }
        }
    }

    /// <summary>Continues on the thread that asks for it, once it has taken what the kernel had for it; from any other thread, on the pool.</summary>
    public static PipeScheduler AfterEvent { get; } = new AfterEventScheduler();

    /// <summary>Whether this thread is one of these.</summary>
    public static bool IsCurrent => t_worker is not null;

    /// <summary>Threads that there are, those that are kept or not needed included.</summary>
    internal int Alive => Volatile.Read(ref _alive);

    /// <summary>
    /// Says whether a guest computes for long: then a thread that looks for the next event does not yield, for it would not get the processor back
    /// before the next tick of the kernel's timer.
    /// </summary>
    public Func<bool> IsAnyComputing { private get; set; } = static () => false;

    /// <summary>The work on this thread takes its time: if the thread is one of these, another takes its place.</summary>
    public static void Keep() => t_worker?.Keep();

    /// <summary>Gives work to these threads, behind the events that are there.</summary>
    public void Post(IThreadPoolWorkItem item)
    {
        lock (_lock)
        {
            _posted.Enqueue(item);
        }

        _events.WakeUp();
    }

    /// <summary>Begins to answer a connection.</summary>
    /// <exception cref="Win32Exception">The kernel refuses.</exception>
    public void Add(SocketConnection connection)
    {
        var key = _connections.Add(connection);
        try
        {
            _events.Add(connection.Socket, key, SocketEvent.Readable | SocketEvent.Writable | SocketEvent.PeerEnded);
        }
        catch (Win32Exception)
        {
            _connections.Remove(key);
            throw;
        }

        connection.Key = key;
    }

    /// <summary>The connection is about to be closed.</summary>
    public void Remove(SocketConnection connection) => _connections.Remove(connection.Key);

    /// <summary>The threads end when they have done what they are at. Nothing may be added or posted any more.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isStopped = true;
            for (; _parked > 0; _parked--)
            {
                _needed.Release();
            }
        }

        _events.WakeUp();
    }

    private void Start()
    {
        _alive++;

        // With a stack as large as the pool's: guests run on it.
        new Thread(Run) { IsBackground = true, Name = "requests" }.UnsafeStart();
    }

    private void Run()
    {
        var worker = new Worker(this);
        t_worker = worker;
        do
        {
            var events = Next(out var key);
            if (key == SocketEvents.WokenUp)
            {
                ExecutePosted();
            }
            else
            {
                worker.Take(_connections[key], events);
            }
        }
        while (worker.Finish() && !_isStopped);

        lock (_lock)
        {
            _alive--;
            if (!_isStopped)
            {
                return;
            }

            if (_alive > 0)
            {
                _events.WakeUp();
            }
            else
            {
                _events.Dispose();
            }
        }
    }

    private SocketEvent Next(out ulong key)
    {
        if (_spinning.TryBegin(out var until))
        {
            bool hasFound;
            SocketEvent events;
            while (!(hasFound = _events.TryTake(out key, out events)) && Stopwatch.GetTimestamp() < until)
            {
                // Whoever has something to do goes first, such as a client on the same machine, or a server that a guest waits for.
                if (!IsAnyComputing())
                {
                    Thread.Yield();
                }
            }

            _spinning.End(hasFound);
            if (hasFound)
            {
                return events;
            }
        }

        return _events.Wait(out key);
    }

    private void ExecutePosted()
    {
        IThreadPoolWorkItem? item;
        lock (_lock)
        {
            // The kernel may have said once what was said several times: the next thread takes the next.
            if (_posted.TryDequeue(out item) && _posted.Count > 0)
            {
                _events.WakeUp();
            }
        }

        item?.Execute();
    }

    private void Replace()
    {
        lock (_lock)
        {
            if (_parked > 0)
            {
                _parked--;
                _needed.Release();
            }
            else if (!_isStopped)
            {
                Start();
            }
        }
    }

    /// <summary>A thread that was kept has nothing left to do: it waits until it is to take another's place. False: it ends.</summary>
    private bool Park()
    {
        lock (_lock)
        {
            if (_isStopped)
            {
                return false;
            }

            _parked++;
        }

        if (_needed.Wait(Patience))
        {
            return true;
        }

        lock (_lock)
        {
            // It may have been needed in this very moment.
            if (_needed.Wait(0))
            {
                return true;
            }

            _parked--;
            return false;
        }
    }

    /// <summary>One of the threads.</summary>
    private sealed class Worker(RequestThreads threads)
    {
        private readonly Queue<(Action<object?> Action, object? State)> _rest = new();
        private bool _isTaking;
        private bool _isKept;

        /// <summary>Takes what the kernel has. What is to follow waits until it has: it may last, and the connection goes on meanwhile.</summary>
        public void Take(SocketConnection? connection, SocketEvent events)
        {
            _isTaking = true;
            connection?.OnEvents(events);
            _isTaking = false;
        }

        public bool TryAdd(Action<object?> action, object? state)
        {
            if (_isTaking)
            {
                _rest.Enqueue((action, state));
            }

            return _isTaking;
        }

        public void Keep()
        {
            if (!_isKept)
            {
                _isKept = true;
                while (_rest.TryDequeue(out var next))
                {
                    PipeScheduler.ThreadPool.Schedule(next.Action, next.State);
                }

                threads.Replace();
            }
        }

        /// <summary>Does what is to follow. False: the thread ends.</summary>
        public bool Finish()
        {
            while (_rest.TryDequeue(out var next))
            {
                next.Action(next.State);
            }

            if (!_isKept)
            {
                return true;
            }

            _isKept = false;
            return threads.Park();
        }
    }

    private sealed class AfterEventScheduler : PipeScheduler
    {
        public override void Schedule(Action<object?> action, object? state)
        {
            if (t_worker?.TryAdd(action, state) != true)
            {
                ThreadPool.Schedule(action, state);
            }
        }
    }
}
