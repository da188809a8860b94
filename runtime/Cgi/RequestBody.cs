using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Wagi.Runtime.Bodies;
using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Cgi;

/// <summary>
/// A request body, read to its end before the guest starts: CGI wants its length in advance, and a slow client must not keep an
/// instance waiting. Of a large one with a declared length, whose client is fast, only the start is read, and of one for a guest that speaks
/// HTTP itself what comes at once.
/// </summary>
/// <param name="Bytes">The body, the caller's to dispose; null: the request has none, or it was refused.</param>
/// <param name="Refusal">Why the request cannot be served; null: it can.</param>
/// <param name="Arriving">The body with its rest, which is still to come, the caller's to end; null: it is whole.</param>
internal readonly record struct RequestBody(BodyBuffer? Bytes, RequestOutcome? Refusal = null, ArrivingBody? Arriving = null)
{
    /// <summary>A client that sends the first <see cref="BodyBuffer.MaxInMemory"/> bytes within this time is fast.</summary>
    private static readonly TimeSpan FastStart = TimeSpan.FromSeconds(1);

    /// <summary>How long a guest that takes its body as it arrives is not started for what may come in the next packet.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(20);

    /// <summary>Whether the request has none.</summary>
    public bool IsNone => Bytes is null && Refusal is null;

    /// <summary>How long the whole is, in bytes, as far as that is known.</summary>
    public long Length => Arriving?.Length ?? Bytes?.Length ?? 0;

    /// <summary>What the guest reads.</summary>
    public IGuestInput? Input => (IGuestInput?)Arriving ?? Bytes;

    /// <summary>Reads the body.</summary>
    /// <param name="context">The request.</param>
    /// <param name="bodies">Where it is kept.</param>
    /// <param name="terms">On which terms.</param>
    /// <exception cref="BadHttpRequestException">The client broke the protocol.</exception>
    /// <exception cref="IOException">The client has gone.</exception>
    public static ValueTask<RequestBody> ReadAsync(HttpContext context, ModuleBodies bodies, BodyTerms terms)
    {
        if (context.Request.ContentLength is null or 0
            && context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false })
        {
            return default;
        }

        if (context.Request.ContentLength > terms.Limit)
        {
            return new ValueTask<RequestBody>(new RequestBody(null, RequestOutcome.BodyTooLarge));
        }

        // The limit is kept here; the server's own would answer in its own words.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }

        return ReadAsync(context.Request.BodyReader, context.Request.ContentLength, bodies, terms);
    }

    private static async ValueTask<RequestBody> ReadAsync(PipeReader reader, long? expected, ModuleBodies bodies, BodyTerms terms)
    {
        var start = Stopwatch.GetTimestamp();
        var body = new BodyBuffer(bodies);
        CancellationTokenSource? deadline = null;
        var isPatient = terms.IsStreamed;
        var isTaken = false;
        try
        {
            while (true)
            {
                ReadResult? read = null;
                if (reader.TryRead(out var ready))
                {
                    read = ready;
                }
                else if (isPatient)
                {
                    read = await ReadForAMomentAsync(reader, Patience - Stopwatch.GetElapsedTime(start));
                    isPatient = read is not null;
                }
                else
                {
                    deadline ??= new CancellationTokenSource(terms.Timeout);
                    read = await reader.ReadWithinAsync(deadline.Token);
                }

                var passed = Stopwatch.GetElapsedTime(start);
                isPatient = isPatient && passed < Patience;
                if (read is not { IsCompleted: true } && MayBegin(body.Length + (read?.Buffer.Length ?? 0), expected, passed, terms.IsStreamed, isPatient)
                    && terms.MayArrive() && ArrivingBody.TryBegin(body, reader, bodies, expected, terms.Limit, terms.Timeout - passed) is { } arriving)
                {
                    if (read is { } untaken)
                    {
                        reader.AdvanceTo(untaken.Buffer.Start);
                    }

                    isTaken = true;
                    return new RequestBody(body, Arriving: arriving);
                }

                if (read is not { } result)
                {
                    continue;
                }

                var refusal = body.Length + result.Buffer.Length > terms.Limit ? RequestOutcome.BodyTooLarge
                    : !TryAppend(body, result.Buffer, expected) ? RequestOutcome.NoRoomForBody
                    : deadline is { IsCancellationRequested: true } && !result.IsCompleted ? RequestOutcome.ClientTooSlow
                    : (RequestOutcome?)null;
                reader.AdvanceTo(result.Buffer.End);
                if (refusal is not null)
                {
                    return new RequestBody(null, refusal);
                }

                if (result.IsCompleted)
                {
                    isTaken = true;
                    return new RequestBody(body);
                }
            }
        }
        catch (OperationCanceledException) when (deadline is { IsCancellationRequested: true })
        {
            return new RequestBody(null, RequestOutcome.ClientTooSlow);
        }
        catch (BadHttpRequestException exception) when (exception.StatusCode == StatusCodes.Status408RequestTimeout)
        {
            // Fewer bytes a second than the server's own minimum.
            return new RequestBody(null, RequestOutcome.ClientTooSlow);
        }
        finally
        {
            deadline?.Dispose();
            if (!isTaken)
            {
                body.Dispose();
            }
        }
    }

    private static bool MayBegin(long arrived, long? expected, TimeSpan passed, bool isStreamed, bool isPatient) => isStreamed
        ? !isPatient || arrived >= BodyBuffer.MaxInMemory
        : expected > arrived && arrived >= BodyBuffer.MaxInMemory && passed < FastStart;

    /// <summary>What has come within that time; null: nothing.</summary>
    private static async ValueTask<ReadResult?> ReadForAMomentAsync(PipeReader reader, TimeSpan time)
    {
        using var moment = new CancellationTokenSource(time > TimeSpan.Zero ? time : TimeSpan.Zero);
        try
        {
            return await reader.ReadWithinAsync(moment.Token);
        }
        catch (OperationCanceledException) when (moment.IsCancellationRequested)
        {
            return null;
        }
    }

    private static bool TryAppend(BodyBuffer body, in ReadOnlySequence<byte> bytes, long? expected)
    {
        foreach (var segment in bytes)
        {
            if (!body.TryAppend(segment.Span, expected))
            {
                return false;
            }
        }

        return true;
    }
}

/// <summary>On which terms a module's request bodies are taken.</summary>
/// <param name="Limit">The most bytes that are accepted.</param>
/// <param name="Timeout">How long the client may take to send one.</param>
/// <param name="IsStreamed">Whether guests take a body as it arrives, however small it is, without knowing its length.</param>
/// <param name="MayArrive">Whether a guest may start now, though its body is not whole.</param>
internal sealed record BodyTerms(long Limit, TimeSpan Timeout, bool IsStreamed, Func<bool> MayArrive);

/// <summary>Reading a body that may not come.</summary>
internal static class BodyReading
{
    /// <summary>
    /// Reads, and can be used again when that was cancelled, as the server does to drain the body: a <see cref="PipeReader"/> of Kestrel whose
    /// own token is cancelled is left in the middle of a read.
    /// </summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static async ValueTask<ReadResult> ReadWithinAsync(this PipeReader reader, CancellationToken cancellationToken)
    {
        await using var registration = cancellationToken.UnsafeRegister(static reader => ((PipeReader)reader!).CancelPendingRead(), reader);
        var result = await reader.ReadAsync(CancellationToken.None);
        if (!result.IsCanceled)
        {
            return result;
        }

        reader.AdvanceTo(result.Buffer.Start);
        throw new OperationCanceledException(cancellationToken);
    }
}
