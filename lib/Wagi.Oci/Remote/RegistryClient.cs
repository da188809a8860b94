using Wagi.Modules.Network;
using Wagi.Modules.Retries;
using Wagi.Oci.Authentication;
using Wagi.Oci.Errors;
using Wagi.Oci.References;

namespace Wagi.Oci.Remote;

/// <summary>
/// Connections and tokens for any number of registries; thread-safe, made to live as long as the process. A token is reused only for the same
/// registry, repository, action and credential, so one client can serve callers with different credentials.
/// </summary>
public sealed class RegistryClient : IDisposable
{
    private readonly Transport _transport;
    private readonly Authenticator _authenticator;
    private readonly Retry _retry;

    /// <summary>Creates a client, which connects when the first request needs it.</summary>
    public RegistryClient(RegistryClientOptions? options = null)
    {
        options ??= new RegistryClientOptions();
        _transport = new Transport(options);
        _authenticator = new Authenticator(_transport, options.TimeProvider);
        _retry = new Retry(options);
    }

    /// <summary>The repository that <paramref name="reference"/> names.</summary>
    /// <param name="reference">The reference; its tag or digest is what <see cref="Remote.Repository.ResolveAsync"/> resolves.</param>
    /// <param name="credentials">Where credentials come from; anonymous if null.</param>
    public Repository Repository(Reference reference, ICredentialStore? credentials = null)
    {
        ArgumentNullException.ThrowIfNull(reference);
        return new Repository(
            new RepositoryConnection(reference, credentials ?? AnonymousCredentialStore.Instance, _transport, _authenticator), _retry);
    }

    /// <summary>Closes all connections. Streams that are still open fail.</summary>
    public void Dispose() => _transport.Dispose();
}

/// <summary>How a <see cref="RegistryClient"/> talks to registries.</summary>
public sealed class RegistryClientOptions
{
    /// <summary>
    /// Registries to reach over plain HTTP, as <c>host</c> (any port) or <c>host:port</c>. Loopback hosts (<c>localhost</c>, 127.0.0.0/8,
    /// <c>::1</c>) always are; all others are reached over HTTPS.
    /// </summary>
    public IReadOnlyCollection<string> InsecureRegistries { get; init; } = [];

    /// <summary>
    /// Which addresses are connected to, for registries, token services and the targets of redirects alike. Default: all but cloud metadata.
    /// </summary>
    public AddressGuard Guard { get; init; } = new(new AddressRules());

    /// <summary>How long to wait for a TCP and TLS connection.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long the registry may neither send nor take anything before the request fails. A whole transfer has no limit other than the
    /// caller's <see cref="CancellationToken"/>.
    /// </summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a request that fails for a transient reason is sent in total; at least 1.</summary>
    public int Attempts { get; init; } = 3;

    /// <summary>Wait before the second attempt at its longest; doubles with each further one.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Clock for the lifetime of tokens and the waits between attempts.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}

/// <summary>Runs an idempotent operation again when it failed for a transient reason.</summary>
internal sealed class Retry
{
    // A longer wait is left to the caller, who can do something else meanwhile.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    private readonly RegistryClientOptions _options;

    public Retry(RegistryClientOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Attempts, 1);
        _options = options;
    }

    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> operation, CancellationToken cancellationToken)
    {
        var backoff = new Backoff(_options.RetryDelay, LongestWait);
        while (true)
        {
            try
            {
                return await operation(cancellationToken);
            }
            catch (OciException exception) when (
                exception.IsTransient && backoff.Failures < _options.Attempts - 1 && (exception.RetryAfter ?? TimeSpan.Zero) <= LongestWait)
            {
                var pause = backoff.Next();
                await Task.Delay(exception.RetryAfter ?? pause, _options.TimeProvider, cancellationToken);
            }
        }
    }
}
