using System.Buffers;

namespace Wagi.Runtime.Guests;

/// <summary>Where a guest's stdout or stderr goes. Called on the guest's own thread only, while the guest waits.</summary>
public interface IGuestOutput
{
    /// <summary>Signalled when nobody reads this output any more. Asked for only when a guest runs for long or sleeps.</summary>
    CancellationToken Aborted { get; }

    /// <summary>Takes what the guest wrote; the bytes are the guest's memory and must be used or copied before the call returns.</summary>
    /// <returns>False to stop the guest: it ends with <see cref="GuestOutcome.OutputRefused"/>.</returns>
    bool Write(ReadOnlySpan<byte> bytes);

    /// <summary>The guest is about to sleep, or has run for another tick: what waits to be sent should go now.</summary>
    /// <returns>False to stop the guest.</returns>
    bool Flush();
}

/// <summary>An output that nobody reads.</summary>
internal sealed class DiscardedOutput : IGuestOutput
{
    public static readonly DiscardedOutput Instance = new();

    public CancellationToken Aborted => CancellationToken.None;

    public bool Write(ReadOnlySpan<byte> bytes) => true;

    public bool Flush() => true;
}

/// <summary>An output that is kept in memory, up to a limit at which the guest is stopped.</summary>
internal sealed class CapturedOutput(int limit) : IGuestOutput
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    public ReadOnlySpan<byte> Bytes => _bytes.WrittenSpan;

    public CancellationToken Aborted => CancellationToken.None;

    public bool Write(ReadOnlySpan<byte> bytes)
    {
        if (_bytes.WrittenCount + bytes.Length > limit)
        {
            return false;
        }

        _bytes.Write(bytes);
        return true;
    }

    public bool Flush() => true;
}

/// <summary>An output that goes straight to a stream, which stays the caller's. A reader that is gone stops the guest.</summary>
public sealed class StreamOutput(Stream stream) : IGuestOutput
{
    public CancellationToken Aborted => CancellationToken.None;

    public bool Write(ReadOnlySpan<byte> bytes)
    {
        try
        {
            stream.Write(bytes);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    public bool Flush()
    {
        try
        {
            stream.Flush();
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
