using System.IO.Pipelines;
using Wagi.Runtime.Bodies;

namespace Wagi.Runtime.Cgi;

/// <summary>
/// What a guest has written and its client has not taken yet. It is sent beside the guest, which so neither waits for the client nor has to
/// live as long. From its creation until <see cref="Sent"/> nobody else may use the writer.
/// </summary>
internal sealed class ResponseBacklog : IAsyncDisposable
{
    /// <summary>The most that one answer keeps, in bytes: its module's others want a part of the budget, too.</summary>
    public const long MaxLength = 32 << 20;

    private readonly Lock _lock = new();
    private readonly PipeWriter _writer;
    private readonly BodyBuffer _bytes;
    private readonly CancellationTokenSource _ending;
    private readonly CancellationToken _aborted;
    private long _position;
    private bool _isEnded;

    /// <param name="writer">Leads to the client.</param>
    /// <param name="flush">The flush that the client keeps waiting.</param>
    /// <param name="bodies">Where the bytes are kept.</param>
    /// <param name="aborted">Signalled when the client has gone.</param>
    public ResponseBacklog(PipeWriter writer, Task<FlushResult> flush, ModuleBodies bodies, CancellationToken aborted)
    {
        _writer = writer;
        _bytes = new BodyBuffer(bodies);
        _ending = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        _aborted = _ending.Token;
        Sent = SendAsync(flush);
    }

    /// <summary>Ends when everything has been taken: true; or when the client has gone: false.</summary>
    public Task<bool> Sent { get; }

    /// <summary>Adds bytes at the end: all, or none.</summary>
    /// <returns>False: there is no room for them, or nobody sends them any more; <see cref="Sent"/> says when it is done.</returns>
    public bool TryAppend(ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            return !_isEnded && _bytes.Length + bytes.Length <= MaxLength && _bytes.TryAppend(bytes);
        }
    }

    /// <summary>Drops what has not been sent, and gives back what it used.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!Sent.IsCompleted)
        {
            await _ending.CancelAsync();
        }

        await ((Task)Sent).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ending.Dispose();
    }

    private async Task<bool> SendAsync(Task<FlushResult> flush)
    {
        try
        {
            // Given up, the flush ends when the server ends the request.
            while (!(await flush.WaitAsync(_aborted)).IsCanceled)
            {
                if (!TakeNext())
                {
                    return true;
                }

                flush = _writer.FlushAsync(CancellationToken.None).AsTask();
            }

            return false;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        finally
        {
            lock (_lock)
            {
                _isEnded = true;
                _bytes.Dispose();
            }
        }
    }

    /// <summary>Hands the next bytes to the writer; false: there are none, and no more will be taken.</summary>
    private bool TakeNext()
    {
        lock (_lock)
        {
            var count = _bytes.Read(_position, _writer.GetSpan(ResponseOutput.Piece));
            if (count == 0)
            {
                _isEnded = true;
                return false;
            }

            _writer.Advance(count);
            _position += count;
            if (_position == _bytes.Length)
            {
                _bytes.Clear();
                _position = 0;
            }

            return true;
        }
    }
}
