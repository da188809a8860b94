namespace Wagi.Runtime.Guests;

/// <summary>What a guest reads from stdin, all of it there before the guest starts. Called on the guest's own thread only.</summary>
public interface IGuestInput
{
    /// <summary>Copies what is at a position.</summary>
    /// <param name="position">Bytes from the start; at most the length of the input.</param>
    /// <param name="target">Where to.</param>
    /// <returns>How many bytes; 0 at the end.</returns>
    int Read(long position, Span<byte> target);
}

/// <summary>An input that is in memory.</summary>
public sealed class MemoryInput(ReadOnlyMemory<byte> bytes) : IGuestInput
{
    /// <inheritdoc/>
    public int Read(long position, Span<byte> target)
    {
        var rest = bytes.Span[(int)position..];
        var count = Math.Min(rest.Length, target.Length);
        rest[..count].CopyTo(target);
        return count;
    }
}
