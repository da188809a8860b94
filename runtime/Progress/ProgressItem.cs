using System.Globalization;

namespace Wagi.Runtime.Progress;

/// <summary>Something that takes its time; over when it is disposed.</summary>
/// <param name="what">What is being done.</param>
/// <param name="total">How many bytes there are; null: unknown.</param>
/// <param name="end">Called when it is over.</param>
internal sealed class ProgressItem(string what, long? total, Action<ProgressItem> end) : IDisposable
{
    private const double Mebibyte = 1 << 20;

    private long _done;

    /// <summary>Says that so many bytes more are done.</summary>
    public void Advance(long bytes) => Interlocked.Add(ref _done, bytes);

    /// <summary>A stream that hands on what is written to it, and counts.</summary>
    public Stream Count(Stream destination) => new CountedStream(destination, this);

    /// <summary>What is being done and how far it is, in at most so many characters.</summary>
    public string Describe(int length)
    {
        var done = Interlocked.Read(ref _done);
        var amount = (done, total) switch
        {
            (0, _) => " …",
            (_, null) => string.Create(CultureInfo.InvariantCulture, $": {done / Mebibyte:0.0} MiB"),
            _ => string.Create(
                CultureInfo.InvariantCulture, $": {done / Mebibyte:0.0} of {total / Mebibyte:0.0} MiB ({100 * done / Math.Max(1, total.Value)}%)"),
        };
        var room = Math.Max(1, length - amount.Length);
        return (what.Length <= room ? what : what[..(room - 1)] + '…') + amount;
    }

    public void Dispose() => end(this);
}

/// <summary>Hands on what is written to it and tells how much it was. Leaves the destination open.</summary>
internal sealed class CountedStream(Stream destination, ProgressItem progress) : Stream
{
    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        destination.Write(buffer);
        progress.Advance(buffer.Length);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await destination.WriteAsync(buffer, cancellationToken);
        progress.Advance(buffer.Length);
    }

    public override void Flush() => destination.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
