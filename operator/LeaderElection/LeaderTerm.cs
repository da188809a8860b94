namespace Wagi.Operator.LeaderElection;

/// <summary>
/// Until when this instance leads, by its own clock. A process that was stopped, and goes on when another one leads, need not wait for a timer to
/// find out.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class LeaderTerm(TimeProvider time)
{
    private long _end = long.MinValue;

    /// <summary>Whether this instance leads.</summary>
    public bool IsOn => time.GetTimestamp() < Volatile.Read(ref _end);

    /// <summary>It was elected, or its Lease renewed.</summary>
    /// <param name="begun">When that request began, as a timestamp of the clock.</param>
    /// <param name="length">How long it leads from then on.</param>
    public void Extend(long begun, TimeSpan length) =>
        Volatile.Write(ref _end, begun + (long)(length.TotalSeconds * time.TimestampFrequency));

    /// <summary>It does not lead any more.</summary>
    public void End() => Volatile.Write(ref _end, long.MinValue);
}
