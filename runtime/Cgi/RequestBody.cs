using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Wagi.Runtime.Bodies;

namespace Wagi.Runtime.Cgi;

/// <summary>
/// A request body, read to its end before the guest starts: CGI wants its length in advance, and a slow client must not keep an
/// instance waiting.
/// </summary>
/// <param name="Bytes">The body, the caller's to dispose; null: the request has none, or it was refused.</param>
/// <param name="Refusal">Why the request cannot be served; null: it can.</param>
internal readonly record struct RequestBody(BodyBuffer? Bytes, RequestOutcome? Refusal = null)
{
    /// <summary>Reads the body.</summary>
    /// <param name="context">The request.</param>
    /// <param name="bodies">Where it is kept.</param>
    /// <param name="limit">The most bytes that are accepted.</param>
    /// <param name="timeout">How long the client may take to send it.</param>
    /// <exception cref="BadHttpRequestException">The client broke the protocol.</exception>
    /// <exception cref="IOException">The client has gone.</exception>
    public static ValueTask<RequestBody> ReadAsync(HttpContext context, ModuleBodies bodies, long limit, TimeSpan timeout)
    {
        if (context.Request.ContentLength is null or 0
            && context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false })
        {
            return default;
        }

        if (context.Request.ContentLength > limit)
        {
            return new ValueTask<RequestBody>(new RequestBody(null, RequestOutcome.BodyTooLarge));
        }

        // The limit is kept here; the server's own would answer in its own words.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }

        return ReadAsync(context.Request.BodyReader, context.Request.ContentLength, bodies, limit, timeout);
    }

    private static async ValueTask<RequestBody> ReadAsync(
        PipeReader reader, long? expected, ModuleBodies bodies, long limit, TimeSpan timeout)
    {
        var body = new BodyBuffer(bodies);
        CancellationTokenSource? deadline = null;
        var isWhole = false;
        try
        {
            while (true)
            {
                if (!reader.TryRead(out var result))
                {
                    deadline ??= new CancellationTokenSource(timeout);
                    result = await reader.ReadAsync(deadline.Token);
                }

                var refusal = body.Length + result.Buffer.Length > limit ? RequestOutcome.BodyTooLarge
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
                    isWhole = true;
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
            if (!isWhole)
            {
                body.Dispose();
            }
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
