namespace Wagi.Runtime.Guests;

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
