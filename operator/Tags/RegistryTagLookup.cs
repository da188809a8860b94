using Wagi.Oci.Authentication;
using Wagi.Oci.References;
using Wagi.Oci.Remote;

namespace Wagi.Operator.Tags;

/// <summary>Asks the registry itself.</summary>
/// <param name="client">Its connections.</param>
internal sealed class RegistryTagLookup(RegistryClient client) : ITagLookup
{
    /// <inheritdoc/>
    public async Task<string> FindDigestAsync(Reference reference, ICredentialStore credentials, CancellationToken cancellationToken) =>
        (await client.Repository(reference, credentials).ResolveAsync(cancellationToken)).Digest.ToString();
}
