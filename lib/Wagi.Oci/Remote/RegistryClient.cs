using Wagi.Oci.Authentication;
using Wagi.Oci.References;

namespace Wagi.Oci.Remote;

/// <summary>
/// Connections and tokens for any number of registries; thread-safe, meant to live as long as the process.
/// A token is used again only for the same registry, repository, action and credential, so that one client may serve
/// callers with different credentials.
/// </summary>
public sealed class RegistryClient : IDisposable
{
    private readonly Transport _transport;
    private readonly Authenticator _authenticator;
    private readonly Retry _retry;

    /// <summary>Creates a client; connections come with the first request.</summary>
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
        return new Repository(reference, credentials ?? AnonymousCredentialStore.Instance, _transport, _authenticator, _retry);
    }

    /// <summary>Closes all connections; streams that are still open fail.</summary>
    public void Dispose() => _transport.Dispose();
}
