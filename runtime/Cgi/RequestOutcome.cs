namespace Wagi.Runtime.Cgi;

/// <summary>What became of a request. The names, in lower case with underscores, are the label <c>outcome</c> in the metrics.</summary>
internal enum RequestOutcome
{
    /// <summary>The guest's answer was sent.</summary>
    Completed,

    /// <summary>The guest's answer was sent, and the guest ended with another exit code than 0.</summary>
    CompletedWithExitCode,

    /// <summary>The guest trapped, or ended with an exit code before it had answered: 500, or the connection was aborted.</summary>
    Trapped,

    /// <summary>The time was up: 504, or the connection was aborted.</summary>
    DeadlineExceeded,

    /// <summary>What the guest wrote is not an answer: 502, or the connection was aborted.</summary>
    MalformedResponse,

    /// <summary>The request body is too large: 413.</summary>
    BodyTooLarge,

    /// <summary>Too many requests: 503.</summary>
    Saturated,

    /// <summary>The client has gone.</summary>
    Cancelled,

    /// <summary>The guest could not be started, or the runtime is at fault: 500.</summary>
    Failed,
}
