using Wagi.Oci.Authentication;
using Wagi.Oci.Content;
using Wagi.Oci.Errors;
using Wagi.Oci.References;

namespace Wagi.Oci.Modules;

/// <summary>Where a module is, according to its manifests: none of its bytes has been transferred yet.</summary>
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

    /// <summary>How the artifact contains its module.</summary>
    public ModuleLayout Layout { get; }

    /// <summary>
    /// The digest of the Wasm binary itself: a cache that has these bytes need not pull. Null where the layers have to be searched.
    /// </summary>
    public Digest? WasmDigest => Layout == ModuleLayout.WasmLayer ? Layers[0].Digest : null;

    /// <summary>Size of the Wasm binary in bytes; null where the layers have to be searched.</summary>
    public long? WasmSize => Layout == ModuleLayout.WasmLayer ? Layers[0].Size : null;

    /// <summary>The Wasm layer, or all layers that have to be searched, lowest first.</summary>
    internal IReadOnlyList<Descriptor> Layers { get; }

    internal ICredentialStore? Credentials { get; }
}

/// <summary>How an artifact contains its module.</summary>
public enum ModuleLayout
{
    /// <summary>A layer is the Wasm binary: the CNCF Wasm artifact, wasm-to-oci and their relatives.</summary>
    WasmLayer,

    /// <summary>A container image with one <c>.wasm</c> file in its layers, or layers whose media types say nothing and one of which is the Wasm binary.</summary>
    Layers,
}

/// <summary>Chooses the layers of a manifest that the module is in.</summary>
internal static class LayerChoice
{
    /// <summary>The one Wasm layer, or all layers, to be searched.</summary>
    /// <exception cref="OciException"><see cref="OciErrorKind.UnsupportedArtifact"/> naming what the artifact has instead.</exception>
    public static (ModuleLayout Layout, IReadOnlyList<Descriptor> Layers) Choose(Manifest manifest, string subject)
    {
        var wasm = manifest.Layers.Where(layer => MediaTypes.IsWasm(layer.MediaType)).ToArray();
        if (wasm.Length == 1)
        {
            return (ModuleLayout.WasmLayer, wasm);
        }

        if (wasm.Length > 1)
        {
            throw new OciException(
                OciErrorKind.UnsupportedArtifact,
                $"{subject}: the artifact holds {wasm.Length} Wasm layers ({string.Join(", ", wasm.Select(layer => layer.Title ?? layer.Digest.ToString()))}), which one to run is not said; push one module per reference");
        }

        if (manifest.ArtifactType == MediaTypes.Files)
        {
            throw new OciException(
                OciErrorKind.UnsupportedArtifact, $"{subject}: these are files for a module, and no module; a module that reads them names them in its 'files'");
        }

        return manifest.Layers.Count > 0
            ? (ModuleLayout.Layers, manifest.Layers)
            : throw new OciException(OciErrorKind.UnsupportedArtifact, $"{subject}: no Wasm module in this artifact, for it has no layers (config {manifest.Config.MediaType})");
    }
}

/// <summary>Chooses the manifest for Wasm from an index of platforms.</summary>
internal static class PlatformChoice
{
    /// <summary>wasi/wasm, or else wasip1/wasm, or else anything for wasm, or else the only entry.</summary>
    /// <exception cref="OciException"><see cref="OciErrorKind.UnsupportedArtifact"/> naming the platforms, if none of these exists.</exception>
    public static Descriptor Choose(ImageIndex index, string subject)
    {
        // Builders add entries that describe others (attestations); their platform is unknown/unknown.
        var entries = index.Manifests.Where(entry => entry.Platform is not { OperatingSystem: "unknown", Architecture: "unknown" }).ToArray();
        return entries.FirstOrDefault(entry => entry.Platform is { OperatingSystem: "wasi", Architecture: "wasm" or "wasm32" })
            ?? entries.FirstOrDefault(entry => entry.Platform is { OperatingSystem: "wasip1", Architecture: "wasm" or "wasm32" })
            ?? entries.FirstOrDefault(entry => entry.Platform is { Architecture: "wasm" or "wasm32" })
            ?? (entries.Length == 1 ? entries[0] : throw None(entries, subject));
    }

    private static OciException None(Descriptor[] entries, string subject) => new(
        OciErrorKind.UnsupportedArtifact,
        entries.Length == 0
            ? $"{subject}: the image index lists no manifest"
            : $"{subject}: the image index has no entry for Wasm (wasi/wasm or wasip1/wasm), only {string.Join(", ", entries.Select(entry => entry.Platform?.ToString() ?? "an entry without platform"))}");
}
