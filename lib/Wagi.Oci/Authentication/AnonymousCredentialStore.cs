namespace Wagi.Oci.Authentication;

/// <summary>Knows no credentials.</summary>
public sealed class AnonymousCredentialStore : ICredentialStore
{
    /// <summary>The one instance.</summary>
    public static AnonymousCredentialStore Instance { get; } = new();

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Credential>> FindAsync(string registry, string repository, CancellationToken cancellationToken) => new([]);
}
