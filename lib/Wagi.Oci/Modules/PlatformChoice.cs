using Wagi.Oci.Content;
using Wagi.Oci.Errors;

namespace Wagi.Oci.Modules;

/// <summary>Chooses the manifest for Wasm from an index of platforms.</summary>
internal static class PlatformChoice
{
    /// <summary>wasi/wasm, else wasip1/wasm, else anything for wasm, else the only entry.</summary>
    /// <exception cref="OciException"><see cref="OciErrorKind.UnsupportedArtifact"/> naming the platforms, if none of these exists.</exception>
    public static Descriptor Choose(ImageIndex index, string subject)
    {
        // Builders add entries that describe others (attestations), with unknown/unknown as platform.
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
