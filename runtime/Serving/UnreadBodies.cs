using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Wagi.Runtime.Serving;

/// <summary>
/// Closes a connection of HTTP/1.1 after a request whose body was not read to its end (RFC 9112 §9.3). The server itself drops the rest, but not
/// when the client has gone meanwhile: then it takes what is left of the body for further requests, and answers them.
/// </summary>
/// <param name="next">Answers requests.</param>
internal sealed class UnreadBodies(RequestDelegate next)
{
    /// <summary>Answers a request.</summary>
    public Task InvokeAsync(HttpContext context) =>
        !HttpProtocol.IsHttp2(context.Request.Protocol) && context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true }
            ? AnswerAsync(context)
            : next(context);

    private async Task AnswerAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        finally
        {
            if (!IsRead(context))
            {
                context.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
            }
        }
    }

    /// <summary>Whether nothing is left of the body, or only what has arrived as a whole, which is dropped.</summary>
    private static bool IsRead(HttpContext context)
    {
        if (context.Request.Headers.Expect.Count > 0 && !context.Response.HasStarted)
        {
            return false; // Reading would have the client send it (RFC 9110 §10.1.1).
        }

        try
        {
            var reader = context.Request.BodyReader;
            if (!reader.TryRead(out var rest))
            {
                return false;
            }

            reader.AdvanceTo(rest.Buffer.End);
            return rest.IsCompleted;
        }
        catch (Exception exception) when (exception is BadHttpRequestException or IOException or OperationCanceledException or OverflowException)
        {
            return false;
        }
        catch (InvalidOperationException)
        {
            // The connection broke in the middle of a read, so that the server cannot read either.
            context.Abort();
            return false;
        }
    }
}
