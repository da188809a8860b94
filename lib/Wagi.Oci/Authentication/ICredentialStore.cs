namespace Wagi.Oci.Authentication;

/// <summary>Finds the credentials for a repository.</summary>
public interface ICredentialStore
{
    /// <summary>
    /// All credentials that fit, the most specific first. As the kubelet does, the client tries them in turn;
    /// with none it asks anonymously.
    /// </summary>
    /// <param name="registry">Host and port as in a reference: <c>ghcr.io</c>, <c>docker.io</c>, <c>127.0.0.1:5000</c>.</param>
    /// <param name="repository">Name of the repository.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    ValueTask<IReadOnlyList<Credential>> FindAsync(string registry, string repository, CancellationToken cancellationToken);
}
