using System.Numerics;

namespace Wagi.Runtime.Cgi;

/// <summary>
/// How long the requests of one handler took, in buckets that grow by half an octave: from 3 µs to a minute. Adding costs an increment in a line
/// of the cache that few processors share.
/// </summary>
internal sealed class LatencyHistogram
{
    /// <summary>The buckets. The first and the last hold what is shorter and longer as well.</summary>
    public const int Buckets = 48;

    /// <summary>The first bucket begins at 2 to the power of this, in ticks of 100 ns.</summary>
    private const int FirstOctave = 5;

    // More processors than this share a stripe: a stripe is 384 bytes, and there may be thousands of modules.
    private static readonly int Stripes = Math.Min(Environment.ProcessorCount, 8);

    private readonly long[] _counts = new long[Buckets * (Stripes + 1)];

    /// <summary>One more request.</summary>
    /// <param name="duration">How long it took.</param>
    public void Add(TimeSpan duration) =>
        Interlocked.Increment(ref _counts[(Buckets * (1 + (Thread.GetCurrentProcessorId() % Stripes))) + BucketOf(duration.Ticks)]);

    /// <summary>Adds the number in each bucket.</summary>
    public void AddTo(Span<long> buckets)
    {
        for (var at = Buckets; at < _counts.Length; at += Buckets)
        {
            for (var i = 0; i < Buckets; i++)
            {
                buckets[i] += Volatile.Read(ref _counts[at + i]);
            }
        }
    }

    /// <summary>What so large a part of the requests did not exceed. Within its bucket, requests count as evenly spread.</summary>
    /// <param name="buckets">How many requests are in each bucket.</param>
    /// <param name="part">The part: 0.5 for the median.</param>
    /// <returns>Milliseconds; null: there were no requests.</returns>
    public static double? Quantile(ReadOnlySpan<long> buckets, double part)
    {
        var total = 0L;
        foreach (var count in buckets)
        {
            total += count;
        }

        if (total <= 0)
        {
            return null;
        }

        var rest = part * total;
        var last = 0;
        for (var i = 0; i < buckets.Length; i++)
        {
            if (buckets[i] <= 0)
            {
                continue;
            }

            last = i;
            if (rest <= buckets[i])
            {
                return (StartOf(i) + ((StartOf(i + 1) - StartOf(i)) * (rest / buckets[i]))) / TimeSpan.TicksPerMillisecond;
            }

            rest -= buckets[i];
        }

        return StartOf(last + 1) / TimeSpan.TicksPerMillisecond;
    }

    private static int BucketOf(long ticks)
    {
        var octave = BitOperations.Log2((ulong)Math.Max(ticks, 1));
        var half = (int)(ticks >> Math.Max(octave - 1, 0)) & 1;
        return Math.Clamp((2 * (octave - FirstOctave)) + half, 0, Buckets - 1);
    }

    /// <summary>Where a bucket begins, in ticks.</summary>
    private static double StartOf(int bucket) => (double)(1L << (FirstOctave + (bucket / 2))) * (bucket % 2 == 0 ? 1 : 1.5);
}
