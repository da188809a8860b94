using System.Buffers;
using Microsoft.AspNetCore.Http;
using Wagi.Runtime.Bodies;
using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Cgi;

/// <summary>
/// A guest's stdout on its way to the client: the header block is collected and applied, the body is sent as it comes. A body that
/// is complete before anything had to be sent goes out in one piece, with its length. What the client does not take at once waits in a backlog.
/// </summary>
#pragma warning disable CA1001 // used for one request after the other: DropAsync disposes the backlog of each
internal sealed class ResponseOutput(GuestRun run) : IGuestOutput
#pragma warning restore CA1001
{
    /// <summary>How much of a body is sent at a time, in bytes, once its first bytes are on their way.</summary>
    public const int Piece = 64 << 10;

    // A body up to this size waits for its end; a longer one is streamed.
    private const int MaxHeld = 16 << 10;

    // A client that takes the next bytes within this time keeps up with the guest: waiting for it costs less than a backlog.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(10);

    private readonly ArrayBufferWriter<byte> _held = new(1024);
    private HttpContext _context = null!;
    private ModuleBodies _bodies = null!;
    private ResponseBacklog? _backlog;
    private int _maxHeaderBlock;
    private int _searched;
    private bool _isHead;
    private bool _isStarted;
    private bool _isBodyOpen;
    private bool _mayHaveBody;
    private int _unsent;
    private int _enough;
    private long _bodyLength;
    private long? _declaredLength;

    /// <summary>Whether the header block is complete and was accepted.</summary>
    public bool HasHead { get; private set; }

    /// <summary>What is wrong with the answer; null while nothing is.</summary>
    public string? Malformed { get; private set; }

    /// <summary>Length of the body so far, in bytes; 0 for an answer that has none.</summary>
    public long BodyLength => _mayHaveBody ? _bodyLength : 0;

    /// <inheritdoc/>
    public CancellationToken Aborted => _context.RequestAborted;

    public void Begin(HttpContext context, ModuleBodies bodies, int maxHeaderBlock)
    {
        _context = context;
        _bodies = bodies;
        _maxHeaderBlock = maxHeaderBlock;
        _searched = 0;
        _isHead = HttpMethods.IsHead(context.Request.Method);
        _isStarted = false;
        _isBodyOpen = false;
        _mayHaveBody = true;
        _unsent = 0;
        _enough = MaxHeld;
        _bodyLength = 0;
        _declaredLength = null;
        HasHead = false;
        Malformed = null;
    }

    /// <summary>Drops what has not been sent. Nothing is written to the client from here on.</summary>
    public ValueTask DropAsync() => _backlog?.DisposeAsync() ?? default;

    /// <summary>Forgets the request.</summary>
    public void End()
    {
        _context = null!;
        _bodies = null!;
        _backlog = null;
        _held.ResetWrittenCount();
    }

    /// <inheritdoc/>
    public bool Write(ReadOnlySpan<byte> bytes)
    {
        if (HasHead)
        {
            return WriteBody(bytes);
        }

        if (_held.WrittenCount == 0 && ResponseHead.FindEnd(bytes, 0) is var end and >= 0)
        {
            return end <= _maxHeaderBlock ? ReadHead(bytes[..end]) && WriteBody(bytes[end..]) : Refuse(TooLong());
        }

        return CollectHead(bytes);
    }

    private bool CollectHead(ReadOnlySpan<byte> bytes)
    {
        // A byte more than the block may have is enough to see its end or to refuse it.
        var before = _held.WrittenCount;
        _held.Write(bytes[..Math.Min(bytes.Length, _maxHeaderBlock + 1 - before)]);
        var end = ResponseHead.FindEnd(_held.WrittenSpan, _searched);
        _searched = _held.WrittenCount;
        if (end < 0)
        {
            return _held.WrittenCount <= _maxHeaderBlock || Refuse(TooLong());
        }

        if (end > _maxHeaderBlock)
        {
            return Refuse(TooLong());
        }

        if (!ReadHead(_held.WrittenSpan[..end]))
        {
            return false;
        }

        _held.ResetWrittenCount();
        return WriteBody(bytes[(end - before)..]);
    }

    private bool ReadHead(ReadOnlySpan<byte> block)
    {
        if (ResponseHead.Apply(block, _context) is { } error)
        {
            return Refuse(error);
        }

        AcceptHead();
        return true;
    }

    /// <summary>Begins an answer whose head is here already, instead of being written by the guest.</summary>
    /// <param name="status">Its status.</param>
    /// <param name="fields">Its header fields.</param>
    /// <param name="isWhole">False: its body has to come to an end, <see cref="EndBody"/>.</param>
    /// <returns>False: it is no valid answer.</returns>
    public bool Answer(int status, IReadOnlyList<HttpField> fields, bool isWhole)
    {
        if (ResponseHead.Apply(status, fields, _context) is { } error)
        {
            return Refuse(error);
        }

        AcceptHead();
        _isBodyOpen = !isWhole;
        return true;
    }

    /// <summary>The body of <see cref="Answer"/> is whole.</summary>
    public void EndBody() => _isBodyOpen = false;

    private void AcceptHead()
    {
        var response = _context.Response;
        HasHead = true;
        _declaredLength = response.ContentLength;

        // RFC 9110 §6.4.1 and §15.3.6: these end with their header block. A length is allowed with 304 alone (§8.6), where it tells of the
        // answer to a GET.
        var status = response.StatusCode;
        _mayHaveBody = !_isHead && status is not (
            StatusCodes.Status204NoContent or StatusCodes.Status205ResetContent or StatusCodes.Status304NotModified);
        if (status is StatusCodes.Status204NoContent or StatusCodes.Status205ResetContent)
        {
            response.ContentLength = null;
            _declaredLength = null;
        }
    }

    private bool WriteBody(ReadOnlySpan<byte> bytes)
    {
        _bodyLength += bytes.Length;
        if (!_mayHaveBody)
        {
            return true;
        }

        if (_bodyLength > _declaredLength)
        {
            return Refuse($"the body is longer than its 'Content-Length', {_declaredLength} bytes");
        }

        if (!_isStarted && _held.WrittenCount + bytes.Length <= MaxHeld)
        {
            _held.Write(bytes);
            return true;
        }

        Start();
        while (!bytes.IsEmpty)
        {
            var piece = bytes[..Math.Min(bytes.Length, Piece)];
            bytes = bytes[piece.Length..];
            if (!Send(piece) || (_unsent >= _enough && !Flush()))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>From here on the answer is on its way, and its length is what the guest has said, or not known.</summary>
    private void Start()
    {
        if (!_isStarted)
        {
            _isStarted = true;
            Send(_held.WrittenSpan);
            _held.ResetWrittenCount();
        }
    }

    private bool Send(ReadOnlySpan<byte> bytes)
    {
        if (_backlog is not null)
        {
            if (_backlog.TryAppend(bytes))
            {
                return true;
            }

            // All has been sent, or there is no room: then the client reads more slowly than the guest writes, and the guest waits.
            if (!WaitForBacklog(_backlog))
            {
                return false;
            }
        }

        _context.Response.BodyWriter.Write(bytes);
        _unsent += bytes.Length;
        return true;
    }

    private bool WaitForBacklog(ResponseBacklog backlog)
    {
        if (!run.WaitFor(backlog.Sent, RunWait.Output) || !backlog.Sent.Result)
        {
            return false;
        }

        backlog.DisposeAsync().AsTask().GetAwaiter().GetResult(); // has nothing to wait for
        _backlog = null;
        return true;
    }

    /// <inheritdoc/>
    public bool Flush()
    {
        if (!HasHead || (_isStarted && _unsent == 0))
        {
            return true;
        }

        Start();
        _unsent = 0;
        _enough = Piece;
        var flush = _context.Response.BodyWriter.FlushAsync();
        if (flush.IsCompletedSuccessfully)
        {
            return !flush.Result.IsCanceled;
        }

        var task = flush.AsTask();
        if (run.WaitBriefly(task, Patience))
        {
            return !task.Result.IsCanceled;
        }

        _backlog = new ResponseBacklog(_context.Response.BodyWriter, task, _bodies, _context.RequestAborted);
        return true;
    }

    /// <summary>Waits until the client has taken all of an answer that <see cref="CompleteAsync"/> has accepted.</summary>
    /// <param name="timeout">How long it may take.</param>
    /// <returns>False: the time is up, or the client has gone.</returns>
    public async ValueTask<bool> WaitForClientAsync(TimeSpan timeout)
    {
        if (_backlog is null)
        {
            return true; // the server sends the rest when the request ends
        }

        try
        {
            return await _backlog.Sent.WaitAsync(timeout);
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>The guest has ended as it should: sends what is left. False: the answer is not complete; see <see cref="Malformed"/>.</summary>
    public async ValueTask<bool> CompleteAsync()
    {
        if (!HasHead)
        {
            return Refuse(_held.WrittenCount == 0 ? "the guest wrote nothing" : "the guest ended before its header block was complete");
        }

        if (_isBodyOpen)
        {
            return Refuse("the guest did not finish the body of its answer");
        }

        if (_mayHaveBody && _bodyLength < _declaredLength)
        {
            return Refuse($"the body has {_bodyLength} bytes, and its 'Content-Length' says {_declaredLength}");
        }

        if (_isStarted)
        {
            return true;
        }

        if (_mayHaveBody)
        {
            _context.Response.ContentLength = _bodyLength;
            if (_bodyLength > 0)
            {
                await _context.Response.BodyWriter.WriteAsync(_held.WrittenMemory);
            }
        }
        else if (_isHead && _declaredLength is null && _bodyLength > 0)
        {
            _context.Response.ContentLength = _bodyLength;
        }

        return true;
    }

    private string TooLong() => $"the header block is longer than {_maxHeaderBlock} bytes";

    private bool Refuse(string reason)
    {
        Malformed = reason;
        return false;
    }
}
