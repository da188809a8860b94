using Wagi.Oci.Remote;

namespace Wagi.Oci.Modules;

/// <summary>Lets the first bytes be seen before they are read. Leaves the inner stream open.</summary>
internal sealed class PeekStream(Stream inner) : ForwardStream
{
    private byte[] _head = [];
    private int _count;
    private int _taken;

    /// <summary>The first bytes, fewer if there are fewer; once, before anything is read.</summary>
    public async Task<ReadOnlyMemory<byte>> PeekAsync(int count, CancellationToken cancellationToken)
    {
        _head = new byte[count];
        _count = await inner.ReadAtLeastAsync(_head, count, throwOnEndOfStream: false, cancellationToken);
        return _head.AsMemory(0, _count);
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = Math.Min(buffer.Length, _count - _taken);
        if (count == 0) return inner.ReadAsync(buffer, cancellationToken);
        _head.AsMemory(_taken, count).CopyTo(buffer);
        _taken += count;
        return new(count);
    }
}
