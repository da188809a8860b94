using Wagi.Oci.Archives;
using Wagi.Oci.Authentication;
using Wagi.Oci.Content;
using Wagi.Oci.Errors;
using Wagi.Oci.References;
using Wagi.Oci.Remote;

namespace Wagi.Oci.Modules;

/// <summary>
/// From a reference to Wasm bytes. Reads the CNCF's Wasm artifact (layer <c>application/wasm</c>), wasm-to-oci
/// (<c>application/vnd.wasm.content.layer.v1+wasm</c>), container images with one <c>.wasm</c> file, layers of any media type that are Wasm by their
/// bytes, and indexes of these. Thread-safe.
/// </summary>
public sealed class WasmModuleSource
{
    private readonly RegistryClient _client;
    private readonly WasmModuleSourceOptions _options;

    /// <summary>Creates a source.</summary>
    /// <param name="client">Connections; stays the caller's.</param>
    /// <param name="options">Limits.</param>
    public WasmModuleSource(RegistryClient client, WasmModuleSourceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        _client = client;
        _options = options ?? new WasmModuleSourceOptions();
    }

    /// <summary>Largest Wasm binary, in bytes.</summary>
    public long MaxModuleSize => _options.MaxModuleSize;

    /// <summary>
    /// Finds out where the module is from its manifest; through a second one if the reference means an index.
    /// </summary>
    /// <param name="reference">The artifact.</param>
    /// <param name="credentials">Where credentials come from; anonymous if null.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="OciException">With the cause; <see cref="OciErrorKind.UnsupportedArtifact"/> names what was found instead of a module.</exception>
    public async Task<ModuleArtifact> LocateAsync(Reference reference, ICredentialStore? credentials = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reference);
        var subject = reference.ToString();
        var repository = _client.Repository(reference, credentials);
        var artifact = await ArtifactManifest.FetchAsync(repository, subject, cancellationToken);
        var (layout, content) = LayerChoice.Choose(artifact.Manifest, subject);
        if (content?.Size > _options.MaxModuleSize)
        {
            throw ModuleWriter.TooLarge(subject, $"the module of {content.Size} bytes", _options.MaxModuleSize);
        }

        return new ModuleArtifact(reference, artifact.Digest, artifact.ManifestDigest, layout, content, artifact.Manifest.Layers, credentials);
    }

    /// <summary>
    /// Whether the repository lets the artifact's credentials read the module; asked without transferring it. False where
    /// layers have to be searched.
    /// </summary>
    /// <exception cref="OciException">The registry does not answer, or its token service refuses the credentials.</exception>
    public async Task<bool> MayReadAsync(ModuleArtifact artifact, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(artifact);
        return artifact.Content is not null
            && await _client.Repository(artifact.Reference, artifact.Credentials).HasBlobAsync(artifact.Content, cancellationToken);
    }

    /// <summary>Writes the module that was located to <paramref name="destination"/>, verified by digest and magic.</summary>
    /// <param name="artifact">Where the module is.</param>
    /// <param name="destination">Takes the bytes. Its content is worthless after an exception, so write to a temporary file.</param>
    /// <param name="cancellationToken">Ends the pull.</param>
    /// <exception cref="OciException">With the cause.</exception>
    public async Task<PulledModule> PullAsync(ModuleArtifact artifact, Stream destination, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(artifact);
        ArgumentNullException.ThrowIfNull(destination);
        var subject = artifact.Reference.ToString();
        var repository = _client.Repository(artifact.Reference, artifact.Credentials);
        var writer = new ModuleWriter(destination, _options.MaxModuleSize, subject);
        if (artifact.Layout == ModuleLayout.Layers)
        {
            return await new ImageSearch(repository, writer, new UnpackBudget(_options.MaxUnpackedSize, subject), subject).RunAsync(artifact, cancellationToken);
        }

        if (artifact.Layout != ModuleLayout.WasmLayer)
        {
            throw new OciException(
                OciErrorKind.UnsupportedArtifact,
                artifact.Layout == ModuleLayout.Files
                    ? $"{subject}: these are files for a module, and no module; a module that reads them names them in its 'files'"
                    : $"{subject}: this is a Spin application, and no single module");
        }

        var layer = artifact.Content!;
        await using var blob = await repository.FetchBlobAsync(layer, cancellationToken);
        var (digest, size) = await writer.CopyAsync(blob, $"the layer of type {layer.MediaType}", cancellationToken);
        return new PulledModule
        {
            Digest = artifact.Digest,
            ManifestDigest = artifact.ManifestDigest,
            LayerDigest = layer.Digest,
            MediaType = layer.MediaType,
            WasmDigest = digest,
            Size = size,
        };
    }
}

/// <summary>What a <see cref="WasmModuleSource"/> accepts.</summary>
public sealed class WasmModuleSourceOptions
{
    /// <summary>Largest Wasm binary, in bytes.</summary>
    public long MaxModuleSize { get; init; } = 256L * 1024 * 1024;

    /// <summary>
    /// How many bytes the layers of one container image may unpack to in the search: a small archive can unpack to a thousand times its
    /// size.
    /// </summary>
    public long MaxUnpackedSize { get; init; } = 1024L * 1024 * 1024;
}

/// <summary>What was pulled.</summary>
public sealed record PulledModule
{
    /// <summary>What the reference means: the digest of a manifest or, for several platforms, of an index.</summary>
    public required Digest Digest { get; init; }

    /// <summary>The manifest that names the layer; the same as <see cref="Digest"/> unless that is an index.</summary>
    public required Digest ManifestDigest { get; init; }

    /// <summary>The layer that is, or contains, the Wasm binary.</summary>
    public required Digest LayerDigest { get; init; }

    /// <summary>The layer's media type.</summary>
    public required string MediaType { get; init; }

    /// <summary>The sha256 of the Wasm binary that was written.</summary>
    public required Digest WasmDigest { get; init; }

    /// <summary>Size of the Wasm binary in bytes.</summary>
    public required long Size { get; init; }

    /// <summary>The file's path within a container image, or the layer's title; null for a layer that is Wasm by its media type.</summary>
    public string? Path { get; init; }
}
