using Wagi.Oci.Content;
using Wagi.Oci.Errors;
using Wagi.Oci.Remote;

namespace Wagi.Oci.Modules;

/// <summary>The manifest that a reference leads to; through an index, if need be.</summary>
/// <param name="Digest">What the reference means: the digest of a manifest or, for several platforms, of an index.</param>
/// <param name="ManifestDigest">The manifest that was chosen; the same as <paramref name="Digest"/> unless that is an index.</param>
/// <param name="Manifest">That manifest.</param>
internal sealed record ArtifactManifest(Digest Digest, Digest ManifestDigest, Manifest Manifest)
{
    /// <exception cref="OciException">With the cause.</exception>
    public static async Task<ArtifactManifest> FetchAsync(Repository repository, string subject, CancellationToken cancellationToken)
    {
        var top = await repository.FetchManifestAsync(cancellationToken);
        var document = top;
        if (top.IsIndex)
        {
            var entry = PlatformChoice.Choose(top.ReadIndex(), subject);
            document = await repository.FetchManifestAsync(entry.Digest, cancellationToken);
        }

        if (document.Descriptor.MediaType is not (MediaTypes.ImageManifest or MediaTypes.DockerManifest))
        {
            throw new OciException(
                OciErrorKind.UnsupportedArtifact,
                $"{subject}: a document of type '{document.Descriptor.MediaType}' is not supported; expected an OCI image manifest or Docker schema 2");
        }

        return new ArtifactManifest(top.Descriptor.Digest, document.Descriptor.Digest, document.ReadManifest());
    }
}
