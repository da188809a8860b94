namespace Wagi.Runtime.Guests;

/// <summary>An output that nobody reads.</summary>
internal sealed class DiscardedOutput : IGuestOutput
{
    public static readonly DiscardedOutput Instance = new();

    public CancellationToken Aborted => CancellationToken.None;

    public bool Write(ReadOnlySpan<byte> bytes) => true;

    public bool Flush() => true;
}
