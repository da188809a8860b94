namespace Wagi.Runtime.Wasi;

/// <summary>What the pollables of a component wait for. All but those of clocks are always ready, and have one number together.</summary>
internal sealed class Pollables
{
    /// <summary>Of a pollable that is always ready.</summary>
    public const uint Ready = 0;

    private const int Most = 100_000;

    private readonly List<ulong> _due = [0];
    private readonly Stack<uint> _free = new();

    /// <summary>When it is ready, on the guest's monotonic clock.</summary>
    public ulong this[uint number] => _due[(int)number];

    /// <exception cref="GuestFaultException">There are too many.</exception>
    public uint Add(ulong due)
    {
        if (_free.TryPop(out var number))
        {
            _due[(int)number] = due;
            return number;
        }

        if (_due.Count > Most)
        {
            throw new GuestFaultException($"the component waits for more than {Most} clocks");
        }

        _due.Add(due);
        return (uint)_due.Count - 1;
    }

    public void Remove(uint number)
    {
        if (number != Ready)
        {
            _free.Push(number);
        }
    }

    public void Clear()
    {
        _due.RemoveRange(1, _due.Count - 1);
        _free.Clear();
    }
}
