using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Runtime.ExceptionServices;
using Microsoft.AspNetCore.Http;
using Wagi.Runtime.Bodies;
using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Cgi;

/// <summary>
/// A request body that arrives while its guest runs. A guest that keeps up reads it from the server's pipe, and whoever sends it waits for the
/// guest. While the guest does something else, what arrives is kept as that of any other body: a client that reads the answer only when it has
/// sent its body would wait for ever, and so would the other requests of a connection with HTTP/2.
/// </summary>
#pragma warning disable CA1001 // EndAsync disposes what there is to dispose
internal sealed class ArrivingBody : IGuestInput
#pragma warning restore CA1001
{
    /// <summary>What the server's pipe holds at the most before the client has to wait (Kestrel's <c>MaxRequestBufferSize</c>), in bytes.</summary>
    private const int Window = 1 << 20;

    private static readonly Task<bool> Broken = Task.FromResult(false);

    private readonly Lock _lock = new();
    private readonly BodyBuffer _kept;
    private readonly PipeReader _reader;
    private readonly ModuleBodies _bodies;
    private readonly CancellationTokenSource _givenUp = new();
    private readonly long _limit;
    private TimeSpan _clientTime;
    private long _received;
    private long _keptFrom;
    private Task<bool>? _receiving;
    private Task _keeping = Task.CompletedTask;
    private TaskCompletionSource<bool>? _keptMore;
    private bool _isKeeping;
    private bool _isDropped;
    private bool _isWhole;
    private RequestOutcome? _refusal;
    private ExceptionDispatchInfo? _failure;

    private ArrivingBody(BodyBuffer start, PipeReader reader, ModuleBodies bodies, long? length, long limit, TimeSpan clientTime)
    {
        _kept = start;
        _received = start.Length;
        _reader = reader;
        _bodies = bodies;
        _clientTime = clientTime;
        _limit = limit;
        Length = length;
    }

    /// <summary>What the client has declared, in bytes; null: nothing.</summary>
    public long? Length { get; }

    /// <summary>Why it will not be whole, when that is neither the protocol nor a client that has gone: <see cref="RequestOutcome.ClientTooSlow"/> or <see cref="RequestOutcome.BodyTooLarge"/>.</summary>
    public RequestOutcome? Refusal
    {
        get
        {
            lock (_lock)
            {
                return _refusal;
            }
        }
    }

    private bool IsBroken => _refusal is not null || _failure is not null;

    /// <summary>A body of which the start has arrived; null: there is no memory for it.</summary>
    /// <param name="start">What has arrived; belongs to the new object.</param>
    /// <param name="reader">Where the rest comes from.</param>
    /// <param name="bodies">The module's share of memory.</param>
    /// <param name="length">How long the whole is, in bytes; null: that is not known.</param>
    /// <param name="limit">The most bytes that are accepted.</param>
    /// <param name="clientTime">How long the client may still keep the runtime waiting, all in all.</param>
    public static ArrivingBody? TryBegin(BodyBuffer start, PipeReader reader, ModuleBodies bodies, long? length, long limit, TimeSpan clientTime) =>
        bodies.Memory.TryTake(Window) ? new ArrivingBody(start, reader, bodies, length, limit, clientTime) : null;

    /// <inheritdoc/>
    public int Read(long position, Span<byte> target)
    {
        lock (_lock)
        {
            if (position < _keptFrom + _kept.Length)
            {
                var count = _kept.Read(position - _keptFrom, target);
                if (position + count == _keptFrom + _kept.Length)
                {
                    _kept.Clear();
                }

                return count;
            }

            return IsReaderFree && !target.IsEmpty ? ReadArrived(target) : 0;
        }
    }

    /// <inheritdoc/>
    public Task<bool>? WaitForMore(long position)
    {
        lock (_lock)
        {
            if (position < _keptFrom + _kept.Length)
            {
                return null;
            }

            if (_isKeeping)
            {
                return (_keptMore ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            return !IsReaderFree ? _receiving
                : HasArrived() ? null
                : IsBroken ? Broken
                : _receiving = ReceiveAsync();
        }
    }

    /// <inheritdoc/>
    public void Keep()
    {
        lock (_lock)
        {
            if (!_isKeeping && !_isWhole && !IsBroken)
            {
                _isKeeping = true;
                _keeping = Task.Run(KeepAsync);
            }
        }
    }

    /// <summary>The guest has ended: takes the rest and drops it, until it is whole or its client breaks off or is too slow.</summary>
    public Task DropAsync()
    {
        lock (_lock)
        {
            _isDropped = true;
            _kept.Dispose();
            Keep();
            return _keeping;
        }
    }

    /// <summary>Does not wait for the rest, and gives back what is used. The guest has ended.</summary>
    public async ValueTask EndAsync()
    {
        try
        {
            await _givenUp.CancelAsync();
            await _keeping;
            if (_receiving is not null)
            {
                await _receiving;
            }
        }
        finally
        {
            _kept.Dispose();
            _givenUp.Dispose();
            _bodies.Memory.GiveBack(Window);
        }
    }

    /// <summary>Why it is not whole, to whoever handles the request, when the guest was stopped for that; returns when there is a <see cref="Refusal"/>.</summary>
    /// <exception cref="BadHttpRequestException">The client broke the protocol.</exception>
    /// <exception cref="IOException">The client has gone.</exception>
    public void ThrowIfBroken() => _failure?.Throw();

    private bool IsReaderFree => !_isKeeping && _receiving is not { IsCompleted: false };

    private int ReadArrived(Span<byte> target)
    {
        if (!TryRead(out var result))
        {
            return 0;
        }

        var count = (int)Math.Min(result.Buffer.Length, target.Length);
        var bytes = result.Buffer.Slice(0, count);
        bytes.CopyTo(target);
        Advance(result, bytes.End, count);
        return count;
    }

    /// <summary>Whether reading would give something, or the end.</summary>
    private bool HasArrived()
    {
        if (TryRead(out var result))
        {
            Advance(result, result.Buffer.Start, 0);
            return _isWhole || !result.Buffer.IsEmpty;
        }

        return _isWhole;
    }

    private bool TryRead(out ReadResult result)
    {
        result = default;
        try
        {
            if (_isWhole || IsBroken || !_reader.TryRead(out result))
            {
                return false;
            }

            if (!result.IsCanceled)
            {
                return true;
            }

            // Time was up for a read that had just got something.
            _reader.AdvanceTo(result.Buffer.Start);
            return _reader.TryRead(out result);
        }
        catch (Exception exception) when (exception is BadHttpRequestException or IOException or OperationCanceledException)
        {
            Fail(exception);
            return false;
        }
    }

    private void Advance(ReadResult result, SequencePosition consumed, long count)
    {
        _received += count;
        _isWhole = result.IsCompleted && count == result.Buffer.Length;
        if (_received > _limit)
        {
            _refusal ??= RequestOutcome.BodyTooLarge;
        }

        try
        {
            _reader.AdvanceTo(consumed);
        }
        catch (Exception exception) when (exception is BadHttpRequestException or IOException or OperationCanceledException)
        {
            // The server says here as well that the client has gone.
            Fail(exception);
        }
    }

    /// <summary>Waits until there is something to read. False: there will not be.</summary>
    private async Task<bool> ReceiveAsync()
    {
        var start = Stopwatch.GetTimestamp();
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(_givenUp.Token);
        deadline.CancelAfter(_clientTime > TimeSpan.Zero ? _clientTime : TimeSpan.Zero);
        try
        {
            var result = await _reader.ReadWithinAsync(deadline.Token);
            _reader.AdvanceTo(result.Buffer.Start);
            return true;
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            lock (_lock)
            {
                _refusal = RequestOutcome.ClientTooSlow;
            }

            return false;
        }
        catch (Exception exception) when (exception is BadHttpRequestException or IOException or OperationCanceledException)
        {
            Fail(exception);
            return false;
        }
        finally
        {
            _clientTime -= Stopwatch.GetElapsedTime(start);
        }
    }

    private async Task KeepAsync()
    {
        if (_receiving is null || await _receiving)
        {
            while (await ReceiveAsync() && KeepArrived())
            {
                // There is more to come.
            }
        }

        lock (_lock)
        {
            _isKeeping = false;
            Announce();
        }
    }

    /// <summary>False: that was all, or there is no room: then the client waits for the guest.</summary>
    private bool KeepArrived()
    {
        lock (_lock)
        {
            if (!TryRead(out var result))
            {
                return false;
            }

            if (_kept.Length == 0)
            {
                _keptFrom = _received;
            }

            var count = 0L;
            foreach (var segment in result.Buffer)
            {
                if (!_isDropped && !_kept.TryAppend(segment.Span))
                {
                    break;
                }

                count += segment.Length;
            }

            var hasRoom = count == result.Buffer.Length;
            Advance(result, result.Buffer.GetPosition(count), count);
            Announce();
            return hasRoom && !_isWhole && !IsBroken;
        }
    }

    private void Announce()
    {
        _keptMore?.SetResult(true);
        _keptMore = null;
    }

    private void Fail(Exception exception)
    {
        lock (_lock)
        {
            // Fewer bytes a second than the server's own minimum.
            if (exception is BadHttpRequestException { StatusCode: StatusCodes.Status408RequestTimeout })
            {
                _refusal = RequestOutcome.ClientTooSlow;
            }
            else
            {
                _failure = ExceptionDispatchInfo.Capture(exception);
            }
        }
    }
}
