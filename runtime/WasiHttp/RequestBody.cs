using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Lowering;
using Wagi.Runtime.Wasip2;

namespace Wagi.Runtime.WasiHttp;

/// <summary>The body of a request that the guest sends: it goes out while the guest writes, which waits when the server takes it slowly.</summary>
internal sealed class RequestBody : BodyStream
{
    private const int MaxRoom = 64 << 10;

    private readonly Pipe _pipe = new(new PipeOptions(pauseWriterThreshold: MaxRoom, resumeWriterThreshold: MaxRoom / 2, useSynchronizationContext: false));
    private readonly ComponentRun _run;
    private readonly long? _length;
    private Task<FlushResult> _flush = Task.FromResult(default(FlushResult));
    private long _written;
    private bool _isEnded;

    /// <param name="run">Who pays for what is not sent yet.</param>
    /// <param name="length">How long the guest has said that it is, in bytes; null: it has not.</param>
    public RequestBody(ComponentRun run, long? length)
    {
        _run = run;
        _length = length;
        run.Take(MaxRoom);
        Content = new GuestContent(_pipe.Reader, length);
    }

    /// <summary>As it goes out.</summary>
    public HttpContent Content { get; }

    /// <inheritdoc/>
    public override bool IsClosed => _isEnded || (_flush.IsCompleted && _flush.Result.IsCompleted);

    /// <inheritdoc/>
    public override int Room => _flush.IsCompleted ? MaxRoom : 0;

    /// <inheritdoc/>
    public override Pollable Subscribe() => _flush.IsCompleted ? ReadyPollable.Instance : new TaskPollable(_flush);

    /// <inheritdoc/>
    public override void Write(GuestRun run, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty && run.Await(_flush) && !IsClosed)
        {
            var piece = bytes[..Math.Min(bytes.Length, MaxRoom)];
            bytes = bytes[piece.Length..];
            _written += piece.Length;
            _pipe.Writer.Write(piece);
            _flush = _pipe.Writer.FlushAsync().AsTask();
        }
    }

    /// <inheritdoc/>
    public override ErrorCode? Finish(GuestRun run, IReadOnlyList<HttpField> trailers)
    {
        if (_length is { } length && length != _written)
        {
            Abandon();
            return new ErrorCode(ErrorKind.HttpRequestBodySize, Size: (ulong)_written);
        }

        End(exception: null);
        return null;
    }

    /// <inheritdoc/>
    public override void Abandon() => End(new IOException("the guest did not finish the body of its request"));

    /// <summary>Nobody will send it.</summary>
    public void Refuse() => _pipe.Reader.Complete();

    private void End(Exception? exception)
    {
        if (!_isEnded)
        {
            _isEnded = true;
            _pipe.Writer.Complete(exception);
            _run.Take(-MaxRoom);
        }
    }

    private sealed class GuestContent(PipeReader reader, long? length) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            try
            {
                while (true)
                {
                    var result = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
                    foreach (var segment in result.Buffer)
                    {
                        await stream.WriteAsync(segment, cancellationToken).ConfigureAwait(false);
                    }

                    reader.AdvanceTo(result.Buffer.End);
                    if (result.IsCompleted)
                    {
                        return;
                    }

                    await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
                }
            }
            finally
            {
                // Why it was not sent is said by the request; with an exception here, the guest's next write would throw it.
                await reader.CompleteAsync().ConfigureAwait(false);
            }
        }

        protected override bool TryComputeLength(out long computed)
        {
            computed = length ?? 0;
            return length is not null;
        }
    }
}
