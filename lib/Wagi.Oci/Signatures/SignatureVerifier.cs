using System.Text.Json;
using Wagi.Modules.Signatures;
using Wagi.Oci.Authentication;
using Wagi.Oci.Content;
using Wagi.Oci.Errors;
using Wagi.Oci.References;
using Wagi.Oci.Remote;

namespace Wagi.Oci.Signatures;

/// <summary>
/// Finds the signatures that cosign put beside an artifact and verifies them with public keys: bundles, which are referrers of the artifact
/// (cosign 3), and the tag <c>sha256-….sig</c> (cosign 2). No transparency log is asked, and nothing is said about the time of a signature.
/// Thread-safe.
/// </summary>
/// <param name="client">Connections; stays the caller's.</param>
public sealed class SignatureVerifier(RegistryClient client)
{
    /// <summary>How many signatures of one format are looked at: whoever may push to a repository may put any number there.</summary>
    internal const int MaxSignatures = 32;

    /// <summary>The largest bundle or payload, in bytes. With a certificate and the proofs of a log, a bundle has some 10 KiB.</summary>
    internal const int MaxSize = 128 * 1024;

    private const string SignatureAnnotation = "dev.cosignproject.cosign/signature";
    private const string PredicateAnnotation = "dev.sigstore.bundle.predicateType";

    /// <summary>Verifies that an artifact is signed.</summary>
    /// <param name="reference">The artifact, with its digest.</param>
    /// <param name="keys">The keys, one of which must have signed it.</param>
    /// <param name="credentials">Where credentials come from; anonymous if null.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <returns>The key whose signature is valid.</returns>
    /// <exception cref="OciException">
    /// <see cref="OciErrorKind.SignatureInvalid"/> with what was found instead; another kind when the registry could not be asked.
    /// </exception>
    public async Task<SignatureKey> VerifyAsync(
        Reference reference, IReadOnlyList<SignatureKey> keys, ICredentialStore? credentials = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(keys);
        var digest = reference.Digest ?? throw new ArgumentException("a tag is signed only by way of its digest", nameof(reference));
        var repository = client.Repository(reference, credentials);
        var findings = new Findings(reference, digest, keys.Count);
        return await FirstValidAsync(
                findings,
                keys,
                () => FindBundlesAsync(repository, digest, cancellationToken),
                bundle => ReadBundleAsync(repository, bundle, cancellationToken))
            ?? await FirstValidAsync(
                findings,
                keys,
                () => FindSimpleSigningAsync(repository, digest, cancellationToken),
                layer => ReadSimpleSigningAsync(repository, layer, cancellationToken))
            ?? throw findings.ToException();
    }

    private static async Task<SignatureKey?> FirstValidAsync(
        Findings findings, IReadOnlyList<SignatureKey> keys, Func<Task<IEnumerable<Descriptor>>> find, Func<Descriptor, Task<DetachedSignature>> read)
    {
        foreach (var found in await findings.TryAsync(find) ?? [])
        {
            if (await findings.TryAsync(() => read(found)) is { } signature && findings.Check(signature, keys) is { } key)
            {
                return key;
            }
        }

        return null;
    }

    private static async Task<IEnumerable<Descriptor>> FindBundlesAsync(Repository repository, Digest digest, CancellationToken cancellationToken) =>
        (await repository.FindReferrersAsync(digest, MediaTypes.SigstoreBundle, cancellationToken)).Where(MayBeSignature).Take(MaxSignatures);

    private static async Task<IEnumerable<Descriptor>> FindSimpleSigningAsync(Repository repository, Digest digest, CancellationToken cancellationToken) =>
        await repository.FindManifestAsync($"{digest.ToTag()}.sig", cancellationToken) is { } tagged
            ? tagged.ReadManifest().Layers.Where(layer => layer.MediaType == MediaTypes.SimpleSigning).Take(MaxSignatures)
            : [];

    /// <summary>
    /// In the referrers tag, cosign gives its bundles the type of their empty config. A registry's own list has the annotations of the manifest,
    /// which tell signatures from attestations.
    /// </summary>
    private static bool MayBeSignature(Descriptor referrer) =>
        referrer.ArtifactType is null or MediaTypes.SigstoreBundle or MediaTypes.Empty
        && referrer.Annotations?.GetValueOrDefault(PredicateAnnotation) is null or DetachedSignature.CosignPredicate;

    private static async Task<DetachedSignature> ReadBundleAsync(Repository repository, Descriptor referrer, CancellationToken cancellationToken)
    {
        var manifest = (await repository.FetchManifestAsync(referrer.Digest, cancellationToken)).ReadManifest();
        return manifest.Layers is [{ MediaType: MediaTypes.SigstoreBundle } layer]
            ? DetachedSignature.ReadBundle(await ReadAsync(repository, layer, cancellationToken))
            : throw new JsonException($"{referrer.Digest} has no layer of type {MediaTypes.SigstoreBundle}");
    }

    private static async Task<DetachedSignature> ReadSimpleSigningAsync(Repository repository, Descriptor layer, CancellationToken cancellationToken) =>
        DetachedSignature.ReadSimpleSigning(
            await ReadAsync(repository, layer, cancellationToken),
            layer.Annotations?.GetValueOrDefault(SignatureAnnotation) ?? throw new JsonException($"it has no annotation {SignatureAnnotation}"));

    private static async Task<byte[]> ReadAsync(Repository repository, Descriptor blob, CancellationToken cancellationToken)
    {
        if (blob.Size is < 0 or > MaxSize)
        {
            throw new JsonException($"it has {blob.Size} bytes, and at most {MaxSize} are read");
        }

        await using var content = await repository.FetchBlobAsync(blob, cancellationToken);
        using var buffer = new MemoryStream();
        await content.CopyToAsync(buffer, cancellationToken);
        return buffer.ToArray();
    }

    /// <summary>Collects what is found instead of a valid signature.</summary>
    private sealed class Findings(Reference reference, Digest digest, int keys)
    {
        // A message with more of them says no more.
        private const int MaxTold = 3;

        private readonly List<string> _unusable = [];
        private int _byOthers;

        /// <summary>Whoever can push a signature that is broken must not be able to hide those that are not.</summary>
        public async Task<T?> TryAsync<T>(Func<Task<T>> read)
            where T : class
        {
            try
            {
                return await read();
            }
            catch (Exception exception) when (exception is JsonException or OciException { InnerException: JsonException }
                or OciException { IsTransient: false, Kind: OciErrorKind.NotFound or OciErrorKind.DigestMismatch or OciErrorKind.TooLarge })
            {
                _unusable.Add($"1 cannot be used: {exception.Message}");
                return null;
            }
        }

        /// <summary>The key by which a signature is valid; null if there is none.</summary>
        public SignatureKey? Check(DetachedSignature signature, IReadOnlyList<SignatureKey> known)
        {
            if (known.FirstOrDefault(key => key.Verify(signature.Signed, signature.Value)) is not { } signer)
            {
                _byOthers++;
                return null;
            }

            try
            {
                var claim = signature.Claim();
                if (claim.IsAbout(digest))
                {
                    return signer;
                }

                _unusable.Add($"1 is for {(claim.Digests is [var other, ..] ? other : "nothing")}");
            }
            catch (JsonException exception)
            {
                _unusable.Add($"1 cannot be used: {exception.Message}");
            }

            return null;
        }

        public OciException ToException()
        {
            var count = _byOthers + _unusable.Count;
            var others = $"{_byOthers} {(_byOthers == 1 ? "is" : "are")} not by {(keys == 1 ? "the key" : $"one of the {keys} keys")}";
            var found = count == 0
                ? "has no signature"
                : $"has no valid signature among {count}: {string.Join("; ", (_byOthers == 0 ? [] : new[] { others }).Concat(_unusable).Take(MaxTold))}";
            return new OciException(
                OciErrorKind.SignatureInvalid,
                $"{reference}: it must be signed and {found}; sign it with 'cosign sign --key KEY {reference.Registry}/{reference.Repository}@{digest}'");
        }
    }
}
