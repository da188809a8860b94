namespace Wagi.Runtime.Outbound;

/// <summary>What became of a request that a guest sent; the label <c>outcome</c> of its metric.</summary>
internal enum OutboundOutcome
{
    /// <summary>It was answered, with whatever status, and the guest has read of the body what it wanted.</summary>
    Completed,

    /// <summary>It could not be sent: URL, method or headers are wrong.</summary>
    Invalid,

    /// <summary>It, or a redirect, led to an origin that is not allowed.</summary>
    NotAllowed,

    /// <summary>Too many responses were open.</summary>
    TooManySessions,

    /// <summary>No connection, a broken or oversized answer, too many redirects.</summary>
    Failed,

    /// <summary>It took longer than a request may.</summary>
    TimedOut,

    /// <summary>The guest was stopped meanwhile.</summary>
    Cancelled,
}
