using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Wagi.Runtime.Cgi;

/// <summary>
/// The answers that are the runtime's own: a short text that is safe to show to anybody, with the request's id, by which the
/// operator finds the reason in the log.
/// </summary>
internal static class ErrorResponse
{
    /// <param name="context">The request.</param>
    /// <param name="status">The status.</param>
    /// <param name="text">The text, without status and id.</param>
    /// <param name="retryAfter">When to ask again, whole seconds; null: with 503 after one, else there is nothing to say about it.</param>
    public static async Task WriteAsync(HttpContext context, int status, string text, TimeSpan? retryAfter = null)
    {
        var response = context.Response;
        response.Clear();
        RequestId.AddTo(context);
        response.StatusCode = status;
        response.ContentType = "text/plain; charset=utf-8";
        if ((retryAfter ?? (status == StatusCodes.Status503ServiceUnavailable ? TimeSpan.FromSeconds(1) : null)) is { } wait)
        {
            response.Headers.RetryAfter = wait.TotalSeconds.ToString(CultureInfo.InvariantCulture);
        }

        // RFC 9110 §15.5.9, RFC 9112 §9.3: where the request ends is not known. In HTTP/2 the stream ends, and the field is not allowed
        // (RFC 9113 §8.2.2).
        if (status is StatusCodes.Status400BadRequest or StatusCodes.Status408RequestTimeout && HttpProtocol.IsHttp11(context.Request.Protocol))
        {
            response.Headers.Connection = "close";
        }

        var body = Encoding.UTF8.GetBytes($"{status} {text} (request {context.TraceIdentifier})\n");
        response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await response.BodyWriter.WriteAsync(body);
        }
    }
}
