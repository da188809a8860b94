using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Wagi.Runtime.Cgi;

/// <summary>
/// A request body, read to its end before the guest starts: CGI wants its length in advance, and a slow client must not keep an
/// instance waiting. Dispose it to give the memory back.
/// </summary>
internal struct RequestBody : IDisposable
{
    private const int FirstBuffer = 16 << 10;

    private byte[]? _buffer;
    private int _length;

    /// <summary>True when the body is larger than allowed; nothing of it is kept.</summary>
    public bool IsTooLarge { get; private set; }

    public readonly ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, _length);

    /// <summary>Reads the body.</summary>
    /// <param name="context">The request.</param>
    /// <param name="limit">The most bytes that are accepted.</param>
    /// <exception cref="BadHttpRequestException">The client broke the protocol.</exception>
    /// <exception cref="IOException">The client has gone.</exception>
    public static ValueTask<RequestBody> ReadAsync(HttpContext context, long limit)
    {
        if (context.Request.ContentLength is null or 0
            && context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false })
        {
            return default;
        }

        if (context.Request.ContentLength > limit)
        {
            return new ValueTask<RequestBody>(new RequestBody { IsTooLarge = true });
        }

        // The limit is kept here; the server's own would answer in its own words.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }

        return ReadAsync(context.Request.BodyReader, context.Request.ContentLength, limit);
    }

    private static async ValueTask<RequestBody> ReadAsync(PipeReader reader, long? expected, long limit)
    {
        var body = default(RequestBody);
        try
        {
            while (true)
            {
                var result = await reader.ReadAsync();
                if (body._length + result.Buffer.Length > limit)
                {
                    reader.AdvanceTo(result.Buffer.End);
                    body.Dispose();
                    return new RequestBody { IsTooLarge = true };
                }

                body.Append(result.Buffer, expected);
                reader.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                {
                    return body;
                }
            }
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        if (_buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = null;
            _length = 0;
        }
    }

    private void Append(in ReadOnlySequence<byte> bytes, long? expected)
    {
        var length = checked(_length + (int)bytes.Length);
        if (_buffer is null || _buffer.Length < length)
        {
            // Grows with what has arrived, never with what was only announced.
            var size = Math.Max(Math.Max(length, FirstBuffer), Math.Min(2L * (_buffer?.Length ?? 0), expected ?? long.MaxValue));
            var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(size, Array.MaxLength));
            _buffer.AsSpan(0, _length).CopyTo(larger);
            if (_buffer is not null)
            {
                ArrayPool<byte>.Shared.Return(_buffer);
            }

            _buffer = larger;
        }

        bytes.CopyTo(_buffer.AsSpan(_length));
        _length = length;
    }
}
