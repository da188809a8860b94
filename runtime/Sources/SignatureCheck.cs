using System.Collections.Immutable;
using Wagi.Modules.Signatures;
using Wagi.Modules.Status;
using Wagi.Oci.Authentication;
using Wagi.Oci.References;
using Wagi.Oci.Signatures;
using Wagi.Runtime.Cache;

namespace Wagi.Runtime.Sources;

/// <summary>
/// Lets an artifact pass that is signed as its entry wants it. Who signed a digest never changes, so it is asked once and remembered in the
/// cache: from then on the module is served with the registry down.
/// </summary>
/// <param name="verifier">Asks registries for signatures.</param>
/// <param name="grants">What was verified before.</param>
/// <param name="logger">Where to log.</param>
internal sealed partial class SignatureCheck(SignatureVerifier verifier, BlobGrants grants, ILogger<SignatureCheck> logger)
{
    /// <summary>Returns when the artifact is signed, or need not be.</summary>
    /// <param name="keys">The keys, one of which must have signed it; empty: it need not be signed.</param>
    /// <param name="artifact">The artifact, with the digest that is about to be served.</param>
    /// <param name="credentials">Those of the module.</param>
    /// <param name="cancellationToken">Stops the check.</param>
    /// <exception cref="Oci.Errors.OciException">It is not signed, or the registry cannot be asked.</exception>
    /// <exception cref="ModuleSourceException">One of the keys is none.</exception>
    public async Task PassAsync(ImmutableArray<string> keys, Reference artifact, ICredentialStore? credentials, CancellationToken cancellationToken)
    {
        var digest = artifact.Digest!.ToString();
        if (keys.IsEmpty || keys.Any(key => grants.Has(BlobGrants.Signer(key), digest)))
        {
            return;
        }

        var signer = await verifier.VerifyAsync(artifact, [.. keys.Select(Parse)], credentials, cancellationToken);
        LogVerified(artifact.ToString(), signer.Text);
        await grants.AddAsync(BlobGrants.Signer(signer.Text), digest, cancellationToken);
    }

    private static SignatureKey Parse(string text) =>
        SignatureKey.TryParse(text, out var key, out var error) ? key : throw new ModuleSourceException(ModuleReason.InvalidEntry, error);

    [LoggerMessage(LogLevel.Information, "{Reference} is signed by the owner of the public key {Key}")]
    private partial void LogVerified(string reference, string key);
}
