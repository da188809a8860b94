using Microsoft.AspNetCore.Http;

namespace Wagi.Runtime.Serving;

/// <summary>A short answer in plain text that does not come from a module.</summary>
internal static class PlainAnswer
{
    /// <summary>Writes status and text, with a line feed at the end.</summary>
    public static Task WriteAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.ContentLength = text.Length + 1;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.WriteAsync(text + "\n");
    }
}
