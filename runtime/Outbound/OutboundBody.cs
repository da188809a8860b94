using System.Diagnostics.CodeAnalysis;

namespace Wagi.Runtime.Outbound;

/// <summary>Why a request of a guest, or the rest of its response, has failed.</summary>
/// <param name="Outcome">What is counted.</param>
/// <param name="Reason">What the log says.</param>
/// <param name="Exception">What happened; null: the runtime has ended it.</param>
internal sealed record OutboundFault(OutboundOutcome Outcome, string Reason, Exception? Exception = null);

/// <summary>
/// The body of a response, which is read from the connection when the guest asks for it: into a buffer, and never into the guest's memory, which
/// may be gone when the bytes come. Used on the guest's thread only.
/// </summary>
/// <param name="stream">The body.</param>
/// <param name="access">Whose it is.</param>
/// <param name="pause">How long it may take until the next bytes come; null: as long as the whole may.</param>
/// <param name="cancellationToken">Signalled when the time for the whole is up.</param>
internal sealed class OutboundBody(Stream stream, OutboundAccess access, TimeSpan? pause, CancellationToken cancellationToken)
{
    private const int BufferSize = 64 << 10;

    private byte[]? _buffer;
    private Task<(int Count, OutboundFault? Fault)>? _filling;
    private int _start;
    private int _end;
    private long _received;

    /// <summary>Whether all of it was read.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>Why it cannot be read any further; null: it can.</summary>
    public OutboundFault? Fault { get; private set; }

    /// <summary>Whether <see cref="Read"/> would give something, or there is nothing more to come.</summary>
    public bool IsReady
    {
        get
        {
            Take();
            return _start < _end || IsEnded || Fault is not null;
        }
    }

    /// <summary>Ends when <see cref="IsReady"/> may have become true. Never fails.</summary>
    public Task Fill() => IsReady ? Task.CompletedTask : _filling ??= FillAsync();

    /// <summary>What is there, up to the length of the target; 0: nothing.</summary>
    public int Read(Span<byte> target)
    {
        Take();
        var count = Math.Min(target.Length, _end - _start);
        _buffer.AsSpan(_start, count).CopyTo(target);
        _start += count;
        return count;
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "The guest gets an error for everything.")]
    private async Task<(int Count, OutboundFault? Fault)> FillAsync()
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            if (pause is { } atMost)
            {
                deadline.CancelAfter(atMost);
            }

            _buffer ??= GC.AllocateUninitializedArray<byte>(BufferSize);
            return (await stream.ReadAsync(_buffer, deadline.Token).ConfigureAwait(false), null);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            return (0, new OutboundFault(OutboundOutcome.TimedOut, cancellationToken.IsCancellationRequested ? access.TimeIsUp : "its next bytes did not come in time"));
        }
        catch (Exception exception)
        {
            return (0, new OutboundFault(OutboundOutcome.Failed, OutboundClient.Describe(exception), exception));
        }
    }

    private void Take()
    {
        if (_filling is not { IsCompleted: true })
        {
            return;
        }

        var (count, fault) = _filling.Result;
        _filling = null;
        _received += count;
        (_start, _end) = (0, count);
        if (_received > access.Limits.MaxResponseBody)
        {
            (_end, fault) = (0, new OutboundFault(OutboundOutcome.Failed, access.BodyIsTooLarge));
        }

        Fault = fault;
        IsEnded = count == 0 && fault is null;
    }
}
