namespace Wagi.Runtime.Guests;

/// <summary>What a guest reads from stdin. Called on the guest's own thread only.</summary>
public interface IGuestInput
{
    /// <summary>Copies what is at a position.</summary>
    /// <param name="position">Bytes from the start; as many as have been read, or, of an input that is whole, at most its length.</param>
    /// <param name="target">Where to.</param>
    /// <returns>How many bytes; 0 at the end, and while <see cref="WaitForMore"/> has something to wait for.</returns>
    int Read(long position, Span<byte> target);

    /// <summary>For an input that arrives while the guest runs: what to wait for until there is something at a position.</summary>
    /// <returns>
    /// Null: there is something, or the end. The task does not fail; false stops the guest, which ends with <see cref="GuestOutcome.InputBroken"/>.
    /// </returns>
    Task<bool>? WaitForMore(long position) => null;

    /// <summary>The guest does something else than to read: what arrives meanwhile should be taken in, so that nobody who sends it has to wait.</summary>
    void Keep()
    {
    }
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
