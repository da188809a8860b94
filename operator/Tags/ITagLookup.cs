using Wagi.Oci.Authentication;
using Wagi.Oci.References;
using Wagi.Oci.Remote;

namespace Wagi.Operator.Tags;

/// <summary>Asks a registry which digest a tag has: the seam to the OCI client.</summary>
internal interface ITagLookup
{
    /// <summary>The digest, <c>sha256:…</c>.</summary>
    /// <exception cref="Wagi.Oci.Errors.OciException">There is none; the message names the cause.</exception>
    Task<string> FindDigestAsync(Reference reference, ICredentialStore credentials, CancellationToken cancellationToken);
}

/// <summary>Asks the registry itself.</summary>
/// <param name="client">Its connections.</param>
internal sealed class RegistryTagLookup(RegistryClient client) : ITagLookup
{
    /// <inheritdoc/>
    public async Task<string> FindDigestAsync(Reference reference, ICredentialStore credentials, CancellationToken cancellationToken) =>
        (await client.Repository(reference, credentials).ResolveAsync(cancellationToken)).Digest.ToString();
}
