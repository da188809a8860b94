using System.Collections.Concurrent;

namespace Wagi.Runtime.Logs;

/// <summary>
/// Writes to the files of <c>--log-dir</c> on a thread of its own, so that a disk that is slow or hangs keeps no request. What comes while
/// too much waits is dropped, and the file says how much.
/// </summary>
internal sealed class GuestLogWriter : IDisposable
{
    /// <summary>Lines that may wait, for all modules.</summary>
    private const int MaxWaiting = 2048;

    /// <summary>How long the last lines may take when the program ends.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly BlockingCollection<Action> _waiting = new(MaxWaiting);
    private readonly Thread _thread;

    public GuestLogWriter()
    {
        _thread = new Thread(Write) { IsBackground = true, Name = "guest logs" };
        _thread.Start();
    }

    /// <summary>Does it later; false: too much waits.</summary>
    public bool TryAdd(Action write) => _waiting.TryAdd(write);

    /// <summary>Writes what waits, and ends. Nobody adds anything any more.</summary>
    public void Dispose()
    {
        _waiting.CompleteAdding();
        if (_thread.Join(Patience))
        {
            _waiting.Dispose();
        }
    }

    private void Write()
    {
        foreach (var write in _waiting.GetConsumingEnumerable())
        {
            write();
        }
    }
}
