namespace Wagi.Runtime.Cgi;

/// <summary>How many log lines a module may write: so many a second, and as many at once.</summary>
internal sealed class LineBudget(int linesPerSecond, TimeProvider time)
{
    private readonly Lock _lock = new();
    private double _tokens = linesPerSecond;
    private long _refilled = time.GetTimestamp();
    private long _dropped;

    /// <summary>Takes a line. <paramref name="dropped"/>: how many were refused since the last one that was not.</summary>
    public bool TryTake(out long dropped)
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            _tokens = Math.Min(linesPerSecond, _tokens + (time.GetElapsedTime(_refilled, now).TotalSeconds * linesPerSecond));
            _refilled = now;
            if (_tokens < 1)
            {
                _dropped++;
                dropped = 0;
                return false;
            }

            _tokens--;
            dropped = _dropped;
            _dropped = 0;
            return true;
        }
    }
}
