using Wagi.Oci.Content;
using Wagi.Oci.Errors;

namespace Wagi.Oci.Modules;

/// <summary>Finds out from a manifest where the module is.</summary>
internal static class LayerChoice
{
    /// <summary>The one Wasm layer, or all layers of a container image.</summary>
    /// <exception cref="OciException"><see cref="OciErrorKind.UnsupportedArtifact"/> naming what is there instead.</exception>
    public static (ModuleLayout Layout, IReadOnlyList<Descriptor> Layers) Choose(Manifest manifest, string subject)
    {
        var wasm = manifest.Layers.Where(layer => MediaTypes.IsWasm(layer.MediaType)).ToArray();
        if (wasm.Length == 1) return (ModuleLayout.WasmLayer, wasm);
        if (wasm.Length > 1)
        {
            throw new OciException(
                OciErrorKind.UnsupportedArtifact,
                $"{subject}: the artifact holds {wasm.Length} Wasm layers ({string.Join(", ", wasm.Select(layer => layer.Title ?? layer.Digest.ToString()))}), which one to run is not said; push one module per reference");
        }

        if (manifest.Layers.Count > 0 && manifest.Layers.All(layer => MediaTypes.IsImageLayer(layer.MediaType)))
            return (ModuleLayout.ContainerImage, manifest.Layers);

        throw new OciException(
            OciErrorKind.UnsupportedArtifact,
            $"{subject}: no Wasm module in this artifact, its layers are {Found(manifest)}; expected a layer of type {MediaTypes.Wasm} or {MediaTypes.WasmToOciLayer}, or a container image with one .wasm file");
    }

    private static string Found(Manifest manifest) =>
        manifest.Layers.Count == 0
            ? $"none (config {manifest.Config.MediaType})"
            : string.Join(", ", manifest.Layers.Select(layer => layer.MediaType).Distinct(StringComparer.Ordinal));
}
