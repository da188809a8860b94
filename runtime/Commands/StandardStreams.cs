namespace Wagi.Runtime.Commands;

/// <summary>The streams of a process as bytes, for what is not text.</summary>
/// <param name="Input">What is read.</param>
/// <param name="Output">What is printed.</param>
/// <param name="Error">What is said about it.</param>
internal sealed record StandardStreams(Stream Input, Stream Output, Stream Error)
{
    /// <summary>Those of this process.</summary>
    public static StandardStreams OfProcess() =>
        new(Console.OpenStandardInput(), Console.OpenStandardOutput(), Console.OpenStandardError());
}

/// <summary>A stream that says what it is when it fails, and remembers that it did. The inner stream stays the caller's.</summary>
/// <param name="inner">The stream.</param>
/// <param name="failed">What to say: <c>stdin cannot be read</c>.</param>
internal sealed class ReportingStream(Stream inner, string failed) : Stream
{
    /// <summary>What to tell the user; null: nothing has failed.</summary>
    public string? Failure { get; private set; }

    public override bool CanRead => inner.CanRead;

    public override bool CanSeek => false;

    public override bool CanWrite => inner.CanWrite;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        try
        {
            return inner.Read(buffer, offset, count);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            throw Report(exception);
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            return await inner.ReadAsync(buffer, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            throw Report(exception);
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            inner.Write(buffer);
        }
        catch (Exception exception)
        {
            throw Report(exception);
        }
    }

    public override void Flush()
    {
        try
        {
            inner.Flush();
        }
        catch (Exception exception)
        {
            throw Report(exception);
        }
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private IOException Report(Exception exception)
    {
        Failure ??= $"{failed}: {exception.Message}";
        return new IOException(Failure, exception);
    }
}
