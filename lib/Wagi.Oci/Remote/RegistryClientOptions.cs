namespace Wagi.Oci.Remote;

/// <summary>How a <see cref="RegistryClient"/> talks to registries.</summary>
public sealed class RegistryClientOptions
{
    /// <summary>
    /// Registries that are spoken to over plain HTTP, as <c>host</c> (any port) or <c>host:port</c>.
    /// Loopback hosts (<c>localhost</c>, 127.0.0.0/8, <c>::1</c>) always are; every other registry gets HTTPS.
    /// </summary>
    public IReadOnlyCollection<string> InsecureRegistries { get; init; } = [];

    /// <summary>How long to wait for a TCP and TLS connection.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long the registry may send (or take) nothing before the request counts as failed. There is no limit on a
    /// whole transfer: that is the caller's <see cref="CancellationToken"/>.
    /// </summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a request that failed for a transient reason is sent in all, at least 1.</summary>
    public int Attempts { get; init; } = 3;

    /// <summary>Wait before the second attempt at its longest; doubles with each further one.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Clock for the life of tokens and the wait between attempts.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
