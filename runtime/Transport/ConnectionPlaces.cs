namespace Wagi.Runtime.Transport;

/// <summary>Connections by the number that the kernel is told. The number of one that has been removed is given to another.</summary>
/// <remarks>
/// A thread may hear of the old connection and find the new one. That does no harm: it looks whether there is something to receive, and there is
/// not.
/// </remarks>
internal sealed class ConnectionPlaces
{
    private readonly Lock _lock = new();
    private readonly Stack<int> _unused = new();
    private SocketConnection?[] _places = new SocketConnection?[64];
    private int _used;

    /// <summary>The connection of a number; null: it has been removed.</summary>
    public SocketConnection? this[ulong key] => Volatile.Read(ref _places)[key - 1];

    /// <summary>Adds a connection, and returns its number, from 1.</summary>
    public ulong Add(SocketConnection connection)
    {
        lock (_lock)
        {
            if (!_unused.TryPop(out var place))
            {
                place = _used++;
                if (place == _places.Length)
                {
                    var larger = new SocketConnection?[2 * place];
                    _places.CopyTo(larger, 0);
                    Volatile.Write(ref _places, larger);
                }
            }

            _places[place] = connection;
            return (ulong)place + 1;
        }
    }

    /// <summary>Forgets a connection.</summary>
    public void Remove(ulong key)
    {
        var place = (int)key - 1;
        lock (_lock)
        {
            _places[place] = null;
            _unused.Push(place);
        }
    }
}
