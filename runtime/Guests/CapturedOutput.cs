using System.Buffers;

namespace Wagi.Runtime.Guests;

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
