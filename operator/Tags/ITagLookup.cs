using System.Collections.Concurrent;
using System.Collections.Immutable;
using Wagi.Modules.Signatures;
using Wagi.Oci.Authentication;
using Wagi.Oci.Content;
using Wagi.Oci.Errors;
using Wagi.Oci.References;
using Wagi.Oci.Remote;
using Wagi.Oci.Signatures;

namespace Wagi.Operator.Tags;

/// <summary>Asks a registry which digest a tag has, and whether that is signed: the seam to the OCI client.</summary>
internal interface ITagLookup
{
    /// <summary>The digest, <c>sha256:…</c>.</summary>
    /// <param name="reference">A tag, or a digest that must be signed.</param>
    /// <param name="signatureKeys">The keys, one of which must have signed the digest; empty: it need not be signed.</param>
    /// <param name="credentials">Where credentials come from.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="OciException">There is none, or it is not signed; the message names the cause.</exception>
    Task<string> FindDigestAsync(
        Reference reference, ImmutableArray<string> signatureKeys, ICredentialStore credentials, CancellationToken cancellationToken);
}

/// <summary>Asks the registry itself.</summary>
/// <param name="client">Its connections.</param>
internal sealed class RegistryTagLookup(RegistryClient client) : ITagLookup
{
    // More than a cluster has modules; forgetting costs some requests.
    private const int MaxKnown = 10_000;

    private readonly SignatureVerifier _verifier = new(client);

    // Who signed a digest never changes, and tags are asked for again and again.
    private readonly ConcurrentDictionary<(Digest Digest, string Key), bool> _signed = new();

    /// <inheritdoc/>
    public async Task<string> FindDigestAsync(
        Reference reference, ImmutableArray<string> signatureKeys, ICredentialStore credentials, CancellationToken cancellationToken)
    {
        var digest = reference.Digest ?? (await client.Repository(reference, credentials).ResolveAsync(cancellationToken)).Digest;
        if (!signatureKeys.IsEmpty && !signatureKeys.Any(key => _signed.ContainsKey((digest, key))))
        {
            var signer = await _verifier.VerifyAsync(reference.WithDigest(digest), [.. signatureKeys.Select(Parse)], credentials, cancellationToken);
            if (_signed.Count >= MaxKnown)
            {
                _signed.Clear();
            }

            _signed[(digest, signer.Text)] = true;
        }

        return digest.ToString();
    }

    private static SignatureKey Parse(string text) =>
        SignatureKey.TryParse(text, out var key, out var error) ? key : throw new OciException(OciErrorKind.InvalidReference, error);
}
