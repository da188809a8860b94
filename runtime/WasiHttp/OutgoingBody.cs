using System.Buffers;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Interop;
using Wagi.Runtime.Lowering;
using Wagi.Runtime.Wasip2;

namespace Wagi.Runtime.WasiHttp;

/// <summary>Takes the body of a message that the guest sends.</summary>
internal abstract class BodyStream : OutputStream
{
    /// <summary>The body is whole.</summary>
    /// <returns>Why it could not be sent; null: it could.</returns>
    public abstract ErrorCode? Finish(GuestRun run, IReadOnlyList<HttpField> trailers);

    /// <summary>There is no more to come, and the body is not whole.</summary>
    public virtual void Abandon()
    {
    }
}

/// <summary><c>wasi:http/types.outgoing-body</c>.</summary>
internal sealed class OutgoingBody(BodyStream stream) : Resource
{
    private bool _hasStream;

    public BodyStream Stream => stream;

    /// <summary>Where to write it; null: that was handed out before.</summary>
    public OutputStream? TakeStream()
    {
        var isFirst = !_hasStream;
        _hasStream = true;
        return isFirst ? stream : null;
    }

    /// <inheritdoc/>
    public override void Release() => stream.Abandon();
}

/// <summary>The body of a response. What is written before the response was begun is kept until then.</summary>
internal sealed class ResponseBody : BodyStream
{
    private const int MaxRoom = 64 << 10;

    private readonly ArrayBufferWriter<byte> _kept = new();
    private IReadOnlyList<HttpField>? _trailers;
    private bool _isSent;

    /// <summary>Whether all of it is here.</summary>
    public bool IsWhole => _trailers is not null;

    /// <inheritdoc/>
    public override bool IsClosed => IsWhole;

    /// <inheritdoc/>
    public override int Room => _isSent ? MaxRoom : MaxRoom - _kept.WrittenCount;

    /// <summary>The response was begun.</summary>
    public void Begin(GuestRun run)
    {
        _isSent = true;
        Write(run, _kept.WrittenSpan);
        ComponentRun.Of(run).Take(-_kept.WrittenCount);
        _kept.ResetWrittenCount();
        if (_trailers is not null)
        {
            run.Exchange!.End(_trailers);
        }
    }

    /// <inheritdoc/>
    public override void Write(GuestRun run, ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return;
        }

        if (_isSent)
        {
            if (!run.Stdout.Write(bytes))
            {
                run.Stop(GuestOutcome.OutputRefused);
            }

            return;
        }

        if (bytes.Length > Room)
        {
            throw new TrapException($"the component wrote more than {MaxRoom} bytes of a body before it had set the response");
        }

        ComponentRun.Of(run).Take(bytes.Length);
        _kept.Write(bytes);
    }

    /// <inheritdoc/>
    public override ErrorCode? Finish(GuestRun run, IReadOnlyList<HttpField> trailers)
    {
        _trailers = trailers;
        if (_isSent)
        {
            run.Exchange!.End(trailers);
        }

        return null;
    }
}
