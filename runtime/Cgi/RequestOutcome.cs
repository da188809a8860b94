using Microsoft.AspNetCore.Http;
using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Cgi;

/// <summary>What became of a request. The names, in lower case with underscores, are the label <c>outcome</c> in the metrics.</summary>
internal enum RequestOutcome
{
    /// <summary>The guest's answer was sent.</summary>
    Completed,

    /// <summary>The guest's answer was sent, and the guest ended with another exit code than 0.</summary>
    CompletedWithExitCode,

    /// <summary>The guest trapped: 500, or the connection was aborted.</summary>
    Trapped,

    /// <summary>The guest ended with another exit code than 0 before it had answered: 500.</summary>
    Exited,

    /// <summary>The time was up: 504, or the connection was aborted.</summary>
    DeadlineExceeded,

    /// <summary>What the guest wrote is not an answer: 502, or the connection was aborted.</summary>
    MalformedResponse,

    /// <summary>The client broke the protocol in its body: 400, or the connection was aborted.</summary>
    BadRequest,

    /// <summary>The request body is too large: 413.</summary>
    BodyTooLarge,

    /// <summary>The bodies that are kept leave no room for this one: 503.</summary>
    NoRoomForBody,

    /// <summary>The client took too long to send its body: 408, or the connection was aborted; or to read the answer: it was aborted.</summary>
    ClientTooSlow,

    /// <summary>Too many requests: 503.</summary>
    Saturated,

    /// <summary>More requests than the module's rate limit has room for: 429.</summary>
    RateLimited,

    /// <summary>The client has gone.</summary>
    Cancelled,

    /// <summary>The guest could not be started, or the runtime is at fault: 500.</summary>
    Failed,
}

/// <summary>What outcomes have in common.</summary>
internal static class RequestOutcomes
{
    /// <summary>Whether the module is at fault, or the runtime. That a request is turned away is no failure.</summary>
    public static bool IsFailure(this RequestOutcome outcome) =>
        outcome is RequestOutcome.Trapped or RequestOutcome.Exited or RequestOutcome.DeadlineExceeded or RequestOutcome.MalformedResponse or RequestOutcome.Failed;
}

/// <summary>How a request is concluded once its guest has ended.</summary>
/// <param name="Outcome">What became of it.</param>
/// <param name="Status">The status of the runtime's own answer; 0 when there is none to give.</param>
/// <param name="Text">Its text, which is safe to show to anybody.</param>
internal readonly record struct Verdict(RequestOutcome Outcome, int Status = 0, string Text = "")
{
    /// <summary>What the guest wrote is not an answer.</summary>
    public static Verdict Malformed => new(
        RequestOutcome.MalformedResponse, StatusCodes.Status502BadGateway, "the module's answer is not valid");

    /// <summary>The client did not send its body in time, or did not read the answer: something of that has been sent, so that the status is not.</summary>
    public static Verdict TooSlow => new(
        RequestOutcome.ClientTooSlow, StatusCodes.Status408RequestTimeout, "the request body did not arrive in time");

    /// <summary>What the client sends cannot be taken.</summary>
    /// <param name="refusal">Why not.</param>
    /// <param name="limit">The most bytes that are accepted.</param>
    public static Verdict OfBody(RequestOutcome refusal, long limit) => refusal switch
    {
        RequestOutcome.BodyTooLarge => new(refusal, StatusCodes.Status413PayloadTooLarge, $"the request body is larger than {limit} bytes"),
        RequestOutcome.ClientTooSlow => TooSlow,
        _ => new(refusal, StatusCodes.Status503ServiceUnavailable, "too many bytes of bodies are kept for the module"),
    };

    /// <summary>Whether the guest's answer stands, unless its end turns out to be missing.</summary>
    public bool IsAnswered => Outcome is RequestOutcome.Completed or RequestOutcome.CompletedWithExitCode;

    /// <param name="outcome">How the guest ended.</param>
    /// <param name="hasHead">Whether it has written a header block.</param>
    /// <param name="isMalformed">Whether what it wrote was refused.</param>
    /// <param name="isClientGone">Whether nobody waits for the answer any more.</param>
    public static Verdict Of(GuestOutcome outcome, bool hasHead, bool isMalformed, bool isClientGone) => outcome switch
    {
        GuestOutcome.Completed => new(RequestOutcome.Completed),

        // As CGI servers do: an answer that is there counts, the exit code is for the log.
        GuestOutcome.Failed when hasHead => new(RequestOutcome.CompletedWithExitCode),
        GuestOutcome.Failed => new(RequestOutcome.Exited, StatusCodes.Status500InternalServerError, "the module failed"),
        GuestOutcome.DeadlineExceeded => new(
            RequestOutcome.DeadlineExceeded, StatusCodes.Status504GatewayTimeout, "the module did not answer in time"),
        GuestOutcome.Cancelled => new(RequestOutcome.Cancelled),
        GuestOutcome.OutputRefused when isMalformed => Malformed,
        GuestOutcome.OutputRefused when isClientGone => new(RequestOutcome.Cancelled),
        GuestOutcome.OutputRefused => new(
            RequestOutcome.Failed, StatusCodes.Status500InternalServerError, "the answer could not be sent"),
        GuestOutcome.InputBroken => TooSlow,
        GuestOutcome.NotStarted => new(
            RequestOutcome.Failed, StatusCodes.Status500InternalServerError, "the module could not be started"),
        _ => new(RequestOutcome.Trapped, StatusCodes.Status500InternalServerError, "the module failed"),
    };
}
