using Wagi.Oci.Authentication;
using Wagi.Oci.Content;
using Wagi.Oci.Errors;
using Wagi.Oci.References;

namespace Wagi.Oci.Modules;

/// <summary>Where a module is, according to its manifests: none of its bytes has been transferred yet.</summary>
public sealed class ModuleArtifact
{
    internal ModuleArtifact(
        Reference reference, Digest digest, Digest manifestDigest, ModuleLayout layout, Descriptor? content, IReadOnlyList<Descriptor> layers, ICredentialStore? credentials)
    {
        Reference = reference;
        Digest = digest;
        ManifestDigest = manifestDigest;
        Layout = layout;
        Content = content;
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
    /// The digest of the Wasm binary itself, or of the document that describes a Spin application: a cache that has these bytes need not pull. Null
    /// where the layers have to be searched.
    /// </summary>
    public Digest? ContentDigest => Content?.Digest;

    /// <summary>Its size in bytes; null where the layers have to be searched.</summary>
    public long? ContentSize => Content?.Size;

    internal Descriptor? Content { get; }

    /// <summary>All layers, lowest first.</summary>
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

    /// <summary>A Spin application, as <c>spin registry push</c> makes it: a document that describes it, and layers with its modules and files.</summary>
    SpinApplication,

    /// <summary>Files for a module, and no module.</summary>
    Files,
}

/// <summary>Finds what a manifest says about where the module is.</summary>
internal static class LayerChoice
{
    /// <summary>The layout, and the one layer that counts; null: the layers have to be searched.</summary>
    /// <exception cref="OciException"><see cref="OciErrorKind.UnsupportedArtifact"/> naming what the artifact has instead.</exception>
    public static (ModuleLayout Layout, Descriptor? Content) Choose(Manifest manifest, string subject)
    {
        if (manifest.Layers.Append(manifest.Config).FirstOrDefault(blob => blob.MediaType == MediaTypes.SpinApplication) is { } application)
        {
            return (ModuleLayout.SpinApplication, application);
        }

        var wasm = manifest.Layers.Where(layer => MediaTypes.IsWasm(layer.MediaType)).ToArray();
        return wasm.Length switch
        {
            1 => (ModuleLayout.WasmLayer, wasm[0]),
            > 1 => throw new OciException(
                OciErrorKind.UnsupportedArtifact,
                $"{subject}: the artifact holds {wasm.Length} Wasm layers ({string.Join(", ", wasm.Select(layer => layer.Title ?? layer.Digest.ToString()))}), which one to run is not said; push one module per reference"),
            _ when manifest.ArtifactType == MediaTypes.Files => (ModuleLayout.Files, null),
            _ when manifest.Layers.Count > 0 => (ModuleLayout.Layers, null),
            _ => throw new OciException(
                OciErrorKind.UnsupportedArtifact, $"{subject}: no Wasm module in this artifact, for it has no layers (config {manifest.Config.MediaType})"),
        };
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
