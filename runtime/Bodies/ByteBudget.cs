namespace Wagi.Runtime.Bodies;

/// <summary>A number of bytes that may be held at one time. With a parent, what is taken here is taken there as well.</summary>
/// <param name="limit">The most bytes.</param>
/// <param name="parent">The budget that this one is a share of; null: it stands alone.</param>
internal sealed class ByteBudget(long limit, ByteBudget? parent = null)
{
    private long _taken;

    /// <summary>Bytes that are held now.</summary>
    public long Taken => Volatile.Read(ref _taken);

    /// <summary>Takes so many bytes, or none.</summary>
    /// <returns>False: they do not fit.</returns>
    public bool TryTake(long bytes)
    {
        for (var taken = Taken; bytes <= limit - taken; taken = Taken)
        {
            if (Interlocked.CompareExchange(ref _taken, taken + bytes, taken) != taken)
            {
                continue;
            }

            if (parent is null || parent.TryTake(bytes))
            {
                return true;
            }

            Interlocked.Add(ref _taken, -bytes);
            return false;
        }

        return false;
    }

    /// <summary>Gives back what was taken.</summary>
    public void GiveBack(long bytes)
    {
        Interlocked.Add(ref _taken, -bytes);
        parent?.GiveBack(bytes);
    }
}
