using Wagi.Oci.Authentication;
using Wagi.Oci.Content;
using Wagi.Oci.Errors;
using Wagi.Oci.Modules;
using Wagi.Oci.References;
using Wagi.Oci.Remote;

namespace Wagi.Oci.Files;

/// <summary>
/// From a reference to files. Reads layers that are tar archives (plain, gzip, zstd), as <c>wagi push --files</c>, ORAS (for a folder) and
/// builders of container images make them, and layers that are a single file, as ORAS makes them: those have a title and are not to be
/// unpacked. Thread-safe.
/// </summary>
/// <param name="client">Connections; stays the caller's.</param>
/// <param name="limits">How much there may be; null: the defaults.</param>
public sealed class FilesSource(RegistryClient client, FilesLimits? limits = null)
{
    /// <summary>How much there may be.</summary>
    public FilesLimits Limits { get; } = limits ?? new FilesLimits();

    /// <summary>Finds out from the manifest what there is.</summary>
    /// <param name="reference">The artifact.</param>
    /// <param name="credentials">Where credentials come from; anonymous if null.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="OciException">With the cause.</exception>
    public async Task<FilesArtifact> LocateAsync(Reference reference, ICredentialStore? credentials = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reference);
        var subject = reference.ToString();
        var artifact = await ArtifactManifest.FetchAsync(client.Repository(reference, credentials), subject, cancellationToken);
        var layers = artifact.Manifest.Layers;
        if (layers.Count == 0)
        {
            throw new OciException(OciErrorKind.UnusableFiles, $"{subject}: there are no files in this artifact, for it has no layers");
        }

        if (layers.Count > Limits.MaxLayers)
        {
            throw new OciException(OciErrorKind.TooLarge, $"{subject}: the artifact has {layers.Count} layers and may have {Limits.MaxLayers}; push the folder as one archive");
        }

        // Packed they are hardly larger than unpacked.
        if (layers.Any(layer => layer.Size < 0 || layer.Size > Limits.MaxUnpackedSize) || layers.Sum(layer => layer.Size) > Limits.MaxUnpackedSize)
        {
            throw new OciException(OciErrorKind.TooLarge, $"{subject}: the layers are larger than the limit of {Limits.MaxUnpackedSize} bytes");
        }

        return new FilesArtifact(reference, artifact.Digest, layers, credentials);
    }

    /// <summary>Whether the repository lets the artifact's credentials read every layer; asked without transferring them.</summary>
    /// <exception cref="OciException">The registry does not answer, or its token service refuses the credentials.</exception>
    public async Task<bool> MayReadAsync(FilesArtifact artifact, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(artifact);
        var repository = client.Repository(artifact.Reference, artifact.Credentials);
        foreach (var layer in artifact.Layers)
        {
            if (!await repository.HasBlobAsync(layer, cancellationToken))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Unpacks the files into a new folder, verified by their digests.</summary>
    /// <param name="artifact">What was located.</param>
    /// <param name="folder">Does not exist, and nobody else knows of it. Its content is worthless after an exception.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The files, in the order in which they came.</returns>
    /// <exception cref="OciException">With the cause; it names the entry that is not unpacked.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public Task<IReadOnlyList<UnpackedFile>> UnpackAsync(FilesArtifact artifact, string folder, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(artifact);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        return new FileUnpacker(client.Repository(artifact.Reference, artifact.Credentials), folder, Limits, artifact.Reference.ToString()).RunAsync(artifact, cancellationToken);
    }
}

/// <summary>Where files are, according to their manifest: none of them has been transferred yet.</summary>
public sealed class FilesArtifact
{
    internal FilesArtifact(Reference reference, Digest digest, IReadOnlyList<Descriptor> layers, ICredentialStore? credentials) =>
        (Reference, Digest, Layers, Credentials) = (reference, digest, layers, credentials);

    /// <summary>The reference that was asked for.</summary>
    public Reference Reference { get; }

    /// <summary>What the reference means: the digest of a manifest or, for several platforms, of an index.</summary>
    public Digest Digest { get; }

    internal IReadOnlyList<Descriptor> Layers { get; }

    internal ICredentialStore? Credentials { get; }
}

/// <summary>A file that was unpacked.</summary>
/// <param name="Path">Where it is in the folder.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Sha256">Of its content, in lower-case hexadecimal digits.</param>
public sealed record UnpackedFile(string Path, long Size, string Sha256);
