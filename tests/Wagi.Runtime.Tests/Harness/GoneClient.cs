using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Tests.Harness;

/// <summary>An output whose client is gone, which the guest is told when it has run for a while.</summary>
/// <param name="inner">What takes that which is written nevertheless.</param>
internal sealed class GoneClient(IGuestOutput inner) : IGuestOutput
{
    public CancellationToken Aborted { get; } = new(canceled: true);

    public bool Write(ReadOnlySpan<byte> bytes) => inner.Write(bytes);

    public bool Flush() => inner.Flush();
}
