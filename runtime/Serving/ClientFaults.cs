using Microsoft.AspNetCore.Http;
using Wagi.Runtime.Cgi;

namespace Wagi.Runtime.Serving;

/// <summary>
/// Ends requests whose client breaks the protocol or goes away. To the server these would be exceptions that the application let through: it
/// logs them as its errors, and answers without a text.
/// </summary>
/// <param name="next">Answers requests.</param>
/// <param name="logger">Where to say what clients did.</param>
internal sealed partial class ClientFaults(RequestDelegate next, ILogger logger)
{
    private readonly ILogger _logger = logger;

    /// <summary>Answers a request.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        var answering = next(context);
        return answering.IsCompletedSuccessfully ? answering : ConcludeAsync(context, answering);
    }

    private async Task ConcludeAsync(HttpContext context, Task answering)
    {
        try
        {
            await answering;
        }
        catch (BadHttpRequestException exception)
        {
            var reason = exception.Message.TrimEnd('.');
            LogBadRequest(context.TraceIdentifier, reason);
            if (context.Response.HasStarted)
            {
                context.Abort();
            }
            else
            {
                await ErrorResponse.WriteAsync(context, exception.StatusCode, $"the request is not valid: {reason}");
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException && context.RequestAborted.IsCancellationRequested)
        {
            LogGone(context.TraceIdentifier);
        }
    }

    [LoggerMessage(EventId = 60, Level = LogLevel.Information, Message = "Request {Request} is not valid: {Reason}")]
    private partial void LogBadRequest(string request, string reason);

    [LoggerMessage(EventId = 61, Level = LogLevel.Debug, Message = "Request {Request} was given up by its client")]
    private partial void LogGone(string request);
}
