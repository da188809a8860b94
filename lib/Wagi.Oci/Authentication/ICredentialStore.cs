namespace Wagi.Oci.Authentication;

/// <summary>Finds the credentials for a repository.</summary>
public interface ICredentialStore
{
    /// <summary>
    /// All credentials that fit, the most specific first. Like the kubelet, the client tries them in turn; without any it asks anonymously.
    /// </summary>
    /// <param name="registry">Host and port as in a reference: <c>ghcr.io</c>, <c>docker.io</c>, <c>127.0.0.1:5000</c>.</param>
    /// <param name="repository">Name of the repository.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    ValueTask<IReadOnlyList<Credential>> FindAsync(string registry, string repository, CancellationToken cancellationToken);
}

/// <summary>Several stores in turn, for the several imagePullSecrets of a pod.</summary>
/// <param name="stores">The stores; earlier ones are tried first.</param>
public sealed class ChainedCredentialStore(IReadOnlyList<ICredentialStore> stores) : ICredentialStore
{
    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<Credential>> FindAsync(string registry, string repository, CancellationToken cancellationToken)
    {
        var found = new List<Credential>();
        foreach (var store in stores)
        {
            found.AddRange(await store.FindAsync(registry, repository, cancellationToken));
        }

        return found;
    }
}

/// <summary>Knows no credentials.</summary>
public sealed class AnonymousCredentialStore : ICredentialStore
{
    /// <summary>The one instance.</summary>
    public static AnonymousCredentialStore Instance { get; } = new();

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Credential>> FindAsync(string registry, string repository, CancellationToken cancellationToken) => new([]);
}
