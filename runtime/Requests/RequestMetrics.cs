namespace Wagi.Runtime.Requests;

/// <summary>The Meter "wagi": one per process.</summary>
public sealed class RequestMetrics : IDisposable
{
    public const string MeterName = "wagi";

    public void Dispose()
    {
    }
}
