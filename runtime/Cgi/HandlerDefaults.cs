using Wagi.Modules.Limits;
using Wagi.Runtime.Outbound;

namespace Wagi.Runtime.Cgi;

/// <summary>What holds for a module whose entry does not say otherwise, and what holds for all.</summary>
public sealed record HandlerDefaults
{
    /// <summary>
    /// How long a request may take, from the start of the guest to the last byte of the answer, without what the guest waits for the rest of
    /// its body.
    /// </summary>
    public TimeSpan Timeout { get; init; } = ModuleLimits.DefaultTimeout;

    /// <summary>Linear memory that one instance may grow to, in bytes.</summary>
    public long MemoryLimit { get; init; } = ModuleLimits.DefaultMemory;

    /// <summary>Requests of one module that run at the same time.</summary>
    public int MaxConcurrency { get; init; } = ModuleLimits.DefaultConcurrencyPerCpu * Environment.ProcessorCount;

    /// <summary>Requests of one module that wait for their turn; one more is answered with 503 at once.</summary>
    public int MaxQueue { get; init; } = 100;

    /// <summary>How long a request waits for its turn before it is answered with 503.</summary>
    public TimeSpan QueueTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The largest request body, in bytes; a larger one is answered with 413.</summary>
    public long MaxRequestBody { get; init; } = 32L << 20;

    /// <summary>
    /// How long a client may take to send its body, before it gets 408, or is cut off when its answer has begun; and to read what is left of an answer once its guest has ended, before
    /// the connection is aborted.
    /// </summary>
    public TimeSpan ClientTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The largest header block that a guest may write, in bytes; a larger one is answered with 502.</summary>
    public int MaxHeaderBlock { get; init; } = 64 << 10;

    /// <summary>What a guest may write to stderr per request, in bytes; the rest is dropped, and the log says so.</summary>
    public int MaxStderr { get; init; } = 64 << 10;

    /// <summary>Bounds of the HTTP requests that guests send.</summary>
    public OutboundLimits Outbound { get; init; } = new();

    /// <summary>Host (with port if need be) for a request without a Host header; null: the address of the connection.</summary>
    public string? DefaultHost { get; init; }
}
