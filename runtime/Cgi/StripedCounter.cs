namespace Wagi.Runtime.Cgi;

/// <summary>Counts what many processors do at a time: each has a number of its own, in a line of the cache that no other writes to.</summary>
internal sealed class StripedCounter
{
    /// <summary>Of 8 bytes: a line of the cache, and the next one, which processors fetch along with it.</summary>
    private const int Stride = 16;

    private readonly long[] _counts = new long[Stride * (Environment.ProcessorCount + 1)];

    /// <summary>What has been counted.</summary>
    public long Value
    {
        get
        {
            var sum = 0L;
            for (var at = Stride; at < _counts.Length; at += Stride)
            {
                sum += Volatile.Read(ref _counts[at]);
            }

            return sum;
        }
    }

    /// <summary>One more.</summary>
    public void Increment() => Interlocked.Increment(ref Own);

    /// <summary>So many more.</summary>
    public void Add(long count) => Interlocked.Add(ref Own, count);

    private ref long Own => ref _counts[Stride * (1 + (Thread.GetCurrentProcessorId() % Environment.ProcessorCount))];
}
