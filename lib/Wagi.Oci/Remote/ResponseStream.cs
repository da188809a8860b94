using Wagi.Oci.Errors;

namespace Wagi.Oci.Remote;

/// <summary>The body of an answer: silence and broken connections become <see cref="OciException"/>.</summary>
internal sealed class ResponseStream(Stream inner, HttpResponseMessage response, TimeSpan stallTimeout, string subject) : ForwardStream
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        using var stall = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stall.CancelAfter(stallTimeout);
        try
        {
            return await inner.ReadAsync(buffer, stall.Token);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw Failures.Silent(subject, Host, stallTimeout, exception);
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException)
        {
            throw Failures.Broken(subject, Host, exception);
        }
    }

    private string Host => response.RequestMessage?.RequestUri?.Authority ?? "?";

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
            response.Dispose();
        }

        base.Dispose(disposing);
    }
}

/// <summary>A stream that can only be read, asynchronously and from beginning to end.</summary>
internal abstract class ForwardStream : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public abstract override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("read asynchronously");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }
}

/// <summary>Reads a small body as a whole, up to a limit.</summary>
internal static class BoundedBody
{
    /// <exception cref="OciException"><see cref="OciErrorKind.TooLarge"/> beyond <paramref name="limit"/> bytes.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(
        Transport transport, HttpResponseMessage response, string subject, int limit, string what, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentLength > limit)
        {
            throw TooLarge(subject, limit, what);
        }

        await using var body = await transport.BodyAsync(response, subject, cancellationToken);
        using var content = new MemoryStream();
        var buffer = new byte[16 * 1024];
        int count;
        while ((count = await body.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if (content.Length + count > limit)
            {
                throw TooLarge(subject, limit, what);
            }

            content.Write(buffer, 0, count);
        }

        return content.GetBuffer().AsMemory(0, (int)content.Length);
    }

    private static OciException TooLarge(string subject, int limit, string what) =>
        new(OciErrorKind.TooLarge, $"{subject}: the {what} is larger than {limit / 1024} KiB");
}
