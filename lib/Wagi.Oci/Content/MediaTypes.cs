namespace Wagi.Oci.Content;

/// <summary>The media types that this library reads or writes.</summary>
public static class MediaTypes
{
    /// <summary>OCI image manifest.</summary>
    public const string ImageManifest = "application/vnd.oci.image.manifest.v1+json";

    /// <summary>OCI image index.</summary>
    public const string ImageIndex = "application/vnd.oci.image.index.v1+json";

    /// <summary>Docker image manifest, version 2 schema 2.</summary>
    public const string DockerManifest = "application/vnd.docker.distribution.manifest.v2+json";

    /// <summary>Docker manifest list.</summary>
    public const string DockerManifestList = "application/vnd.docker.distribution.manifest.list.v2+json";

    /// <summary>Layer of a Wasm artifact as the CNCF defines it: a core module or a component.</summary>
    public const string Wasm = "application/wasm";

    /// <summary>Configuration of a Wasm artifact as the CNCF defines it.</summary>
    public const string WasmConfig = "application/vnd.wasm.config.v0+json";

    /// <summary>Layer as <c>wasm-to-oci</c> writes it.</summary>
    public const string WasmToOciLayer = "application/vnd.wasm.content.layer.v1+wasm";

    /// <summary>Configuration as <c>wasm-to-oci</c> writes it.</summary>
    public const string WasmToOciConfig = "application/vnd.wasm.config.v1+json";

    /// <summary>What a manifest has as its config when there is nothing to configure (OCI image spec 1.1, "Guidance for an Empty Descriptor").</summary>
    public const string Empty = "application/vnd.oci.empty.v1+json";

    /// <summary>Signature or attestation as cosign 3 writes it: a Sigstore bundle.</summary>
    public const string SigstoreBundle = "application/vnd.dev.sigstore.bundle.v0.3+json";

    /// <summary>What cosign 2 signs; the signature is the layer's annotation.</summary>
    public const string SimpleSigning = "application/vnd.dev.cosign.simplesigning.v1+json";

    /// <summary>OCI image layer, a tar archive.</summary>
    public const string ImageLayer = "application/vnd.oci.image.layer.v1.tar";

    /// <summary>OCI image layer, a tar archive compressed with gzip.</summary>
    public const string ImageLayerGzip = "application/vnd.oci.image.layer.v1.tar+gzip";

    /// <summary>OCI image layer, a tar archive compressed with zstd.</summary>
    public const string ImageLayerZstd = "application/vnd.oci.image.layer.v1.tar+zstd";

    /// <summary>Docker image layer, a tar archive compressed with gzip.</summary>
    public const string DockerLayerGzip = "application/vnd.docker.image.rootfs.diff.tar.gzip";

    /// <summary>Docker image layer, a tar archive.</summary>
    public const string DockerLayer = "application/vnd.docker.image.rootfs.diff.tar";

    /// <summary>Type of the artifacts that hold files for modules.</summary>
    public const string Files = "application/vnd.wagi.files.v1";

    /// <summary>The locked application of a Spin artifact: one of its layers, in old ones the configuration.</summary>
    public const string SpinApplication = "application/vnd.fermyon.spin.application.v1+config";

    /// <summary>Layer of a Spin artifact: all files of a component, a tar archive compressed with gzip.</summary>
    public const string SpinArchive = "application/vnd.wasm.content.bundle.v1.tar+gzip";

    /// <summary>Whether a document of this media type lists manifests.</summary>
    public static bool IsIndex(string? mediaType) => mediaType is ImageIndex or DockerManifestList;

    /// <summary>Whether a layer of this media type is a Wasm binary itself, in any of the layouts in use.</summary>
    public static bool IsWasm(string? mediaType) =>
        mediaType is not null
        && (mediaType == Wasm
            || mediaType.EndsWith("+wasm", StringComparison.Ordinal));

    /// <summary>Whether a layer of this media type is part of a container image's file system.</summary>
    public static bool IsImageLayer(string? mediaType) =>
        mediaType is ImageLayer or ImageLayerGzip or ImageLayerZstd or DockerLayer or DockerLayerGzip;
}
