namespace Wagi.Oci.Tests.Remote;

/// <summary>A clock that a test moves. Timers are the real ones.</summary>
internal sealed class ManualTime : TimeProvider
{
    private TimeSpan _ahead;

    public void Advance(TimeSpan by) => _ahead += by;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + _ahead;
}
