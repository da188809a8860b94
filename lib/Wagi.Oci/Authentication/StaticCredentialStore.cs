namespace Wagi.Oci.Authentication;

/// <summary>One credential for one registry, such as a user typed on the command line.</summary>
/// <param name="registry">Host and port as in a reference.</param>
/// <param name="credential">The credential; no other registry ever sees it.</param>
public sealed class StaticCredentialStore(string registry, Credential credential) : ICredentialStore
{
    private readonly string _registry = registry;

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Credential>> FindAsync(string registry, string repository, CancellationToken cancellationToken) =>
        new(string.Equals(registry, _registry, StringComparison.OrdinalIgnoreCase) ? [credential] : []);
}
