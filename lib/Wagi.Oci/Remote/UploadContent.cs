using System.Net;
using System.Net.Http.Headers;

namespace Wagi.Oci.Remote;

/// <summary>A body read from a stream, which reports that it moves on, so that a long upload is not taken for a stalled one.</summary>
internal sealed class UploadContent : HttpContent
{
    private const int ChunkSize = 80 * 1024;

    private readonly Func<Stream> _open;
    private readonly long _size;
    private readonly Action _progress;

    public UploadContent(Func<Stream> open, long size, string mediaType, Action progress)
    {
        _open = open;
        _size = size;
        _progress = progress;
        Headers.ContentType = new MediaTypeHeaderValue(mediaType);
        Headers.ContentLength = size;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await using var source = _open();
        var buffer = new byte[ChunkSize];
        int count;
        while ((count = await source.ReadAsync(buffer, cancellationToken)) > 0)
        {
            await stream.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
            _progress();
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _size;
        return true;
    }
}
