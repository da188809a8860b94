using Wagi.Oci.Authentication;
using Wagi.Oci.Content;
using Wagi.Oci.References;

namespace Wagi.Oci.Modules;

/// <summary>Where a module is, found out from manifests alone: no module byte was transferred yet.</summary>
public sealed class ModuleArtifact
{
    internal ModuleArtifact(
        Reference reference, Digest digest, Digest manifestDigest, ModuleLayout layout, IReadOnlyList<Descriptor> layers, ICredentialStore? credentials)
    {
        Reference = reference;
        Digest = digest;
        ManifestDigest = manifestDigest;
        Layout = layout;
        Layers = layers;
        Credentials = credentials;
    }

    /// <summary>The reference that was asked for.</summary>
    public Reference Reference { get; }

    /// <summary>What the reference means: the digest of a manifest or, for several platforms, of an index.</summary>
    public Digest Digest { get; }

    /// <summary>The manifest that was chosen; the same as <see cref="Digest"/> unless that is an index.</summary>
    public Digest ManifestDigest { get; }

    /// <summary>How the artifact holds its module.</summary>
    public ModuleLayout Layout { get; }

    /// <summary>
    /// The digest of the Wasm binary itself, if the manifest tells it: a cache that has these bytes need not pull.
    /// Null for a container image, whose layers have to be searched.
    /// </summary>
    public Digest? WasmDigest => Layout == ModuleLayout.WasmLayer ? Layers[0].Digest : null;

    /// <summary>Size of the Wasm binary in bytes, if the manifest tells it; null for a container image.</summary>
    public long? WasmSize => Layout == ModuleLayout.WasmLayer ? Layers[0].Size : null;

    /// <summary>The Wasm layer, or all layers of the image, lowest first.</summary>
    internal IReadOnlyList<Descriptor> Layers { get; }

    internal ICredentialStore? Credentials { get; }
}
