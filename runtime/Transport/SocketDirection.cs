namespace Wagi.Runtime.Transport;

/// <summary>
/// One direction of a socket, between the one who works at it and the threads that hear of it from the kernel: which of them goes on is decided
/// without a lock, and no word is lost.
/// </summary>
internal struct SocketDirection
{
    private const int Working = 0;
    private const int Signaled = 1;
    private const int Waiting = 2;

    private int _state;

    /// <summary>The kernel says that there is something to do. True: somebody waited, and the caller goes on in its place.</summary>
    public bool Signal()
    {
        for (; ; )
        {
            switch (Volatile.Read(ref _state))
            {
                case Signaled:
                    return false;
                case Waiting:
                    if (Interlocked.CompareExchange(ref _state, Working, Waiting) == Waiting)
                    {
                        return true;
                    }

                    break;
                default:
                    if (Interlocked.CompareExchange(ref _state, Signaled, Working) == Working)
                    {
                        return false;
                    }

                    break;
            }
        }
    }

    /// <summary>The one who worked has nothing left to do. False: there is something already.</summary>
    public bool TryWait()
    {
        if (Interlocked.CompareExchange(ref _state, Waiting, Working) == Working)
        {
            return true;
        }

        Volatile.Write(ref _state, Working);
        return false;
    }
}
