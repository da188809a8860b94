namespace Wagi.Oci.Authentication;

/// <summary>Several stores in turn, as a pod has several imagePullSecrets.</summary>
/// <param name="stores">The stores; earlier ones are tried first.</param>
public sealed class ChainedCredentialStore(IReadOnlyList<ICredentialStore> stores) : ICredentialStore
{
    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<Credential>> FindAsync(string registry, string repository, CancellationToken cancellationToken)
    {
        var found = new List<Credential>();
        foreach (var store in stores)
            found.AddRange(await store.FindAsync(registry, repository, cancellationToken));
        return found;
    }
}
