using Wagi.Oci.Archives;
using Wagi.Oci.Content;
using Wagi.Oci.Errors;
using Wagi.Oci.Remote;

namespace Wagi.Oci.Modules;

/// <summary>
/// Finds the one Wasm binary where no media type says which layer it is: a layer that is one by its bytes, or a <c>.wasm</c> file of a container
/// image. Layers are read once, topmost first, so that the first one found is the one that counts and can be written out at once.
/// </summary>
internal sealed class ImageSearch(Repository repository, ModuleWriter writer, UnpackBudget budget, string subject)
{
    private readonly ImageFiles _files = new();
    private readonly List<string> _found = [];
    private PulledModule? _module;

    public async Task<PulledModule> RunAsync(ModuleArtifact artifact, CancellationToken cancellationToken)
    {
        for (var i = artifact.Layers.Count - 1; i >= 0; i--)
        {
            await SearchAsync(artifact, artifact.Layers[i], cancellationToken);
            _files.NextLayer();
        }

        return _found.Count switch
        {
            0 => throw new OciException(OciErrorKind.UnsupportedArtifact, $"{subject}: {None(artifact)}"),
            1 => _module!,
            _ => throw new OciException(
                OciErrorKind.UnsupportedArtifact,
                $"{subject}: {(IsImage(artifact) ? "the container image" : "the artifact")} holds {_found.Count} .wasm files ({string.Join(", ", _found.Order(StringComparer.Ordinal))}), which one to run is not said; keep one"),
        };
    }

    private static bool IsImage(ModuleArtifact artifact) => artifact.Layers.All(layer => MediaTypes.IsImageLayer(layer.MediaType));

    private static string None(ModuleArtifact artifact)
    {
        var types = string.Join(", ", artifact.Layers.Select(layer => layer.MediaType).Distinct(StringComparer.Ordinal));
        return IsImage(artifact)
            ? $"no .wasm file in the {artifact.Layers.Count} layers of this container image ({types})"
            : $"no Wasm module in this artifact, its layers are {types}; expected one that is Wasm, such as {MediaTypes.Wasm}, or a container image with one .wasm file";
    }

    private async Task SearchAsync(ModuleArtifact artifact, Descriptor layer, CancellationToken cancellationToken)
    {
        await using var blob = await repository.FetchBlobAsync(layer, cancellationToken);
        var peeked = new PeekStream(blob);
        var head = await peeked.PeekAsync(WasmBinary.PreambleSize, cancellationToken);
        try
        {
            // "oras push REF app.wasm" without a media type labels the bare file as a tar layer, or with what the user wrote.
            if (WasmBinary.IsWasm(head.Span))
            {
                await TakeAsync(artifact, layer, peeked, layer.Title ?? "app.wasm", cancellationToken);
            }
            else if (!MediaTypes.IsImageLayer(layer.MediaType))
            {
                return; // Whatever it is, nothing of it is used.
            }
            else
            {
                await ReadArchiveAsync(artifact, layer, peeked, head, cancellationToken);
            }
            // The archive may end before the blob, and only the blob's end verifies the digest.
            await Unpacking.DrainAsync(peeked, cancellationToken);
        }
        catch (Exception exception) when (Unpacking.IsMalformed(exception))
        {
            throw new OciException(
                OciErrorKind.UnsupportedArtifact,
                $"{subject}: layer {layer.Digest} ({layer.MediaType}) is not a readable archive: {exception.Message}",
                innerException: exception);
        }
    }

    private async Task ReadArchiveAsync(
        ModuleArtifact artifact, Descriptor layer, Stream content, ReadOnlyMemory<byte> head, CancellationToken cancellationToken)
    {
        await using var unpacked = new LimitedStream(Unpacking.Unpack(content, head.Span), budget);
        await using var archive = new TarEntries(unpacked);
        while (await archive.NextAsync(cancellationToken) is { } entry)
        {
            var path = _files.Visit(entry.Name, entry.Kind == TarKind.Folder);
            if (path is not null && entry.Kind == TarKind.File && path.EndsWith(".wasm", StringComparison.OrdinalIgnoreCase))
            {
                await TakeAsync(artifact, layer, archive, path, cancellationToken);
            }
        }

        await Unpacking.DrainAsync(unpacked, cancellationToken);
    }

    private async Task TakeAsync(ModuleArtifact artifact, Descriptor layer, Stream content, string path, CancellationToken cancellationToken)
    {
        _found.Add(path);
        // A second one makes the image unusable. Read past it, to name them all.
        if (_found.Count > 1)
        {
            return;
        }

        var (digest, size) = await writer.CopyAsync(content, $"'{path}' {(IsImage(artifact) ? "in the container image" : $"of type {layer.MediaType}")}", cancellationToken);
        _module = new PulledModule
        {
            Digest = artifact.Digest,
            ManifestDigest = artifact.ManifestDigest,
            LayerDigest = layer.Digest,
            MediaType = layer.MediaType,
            WasmDigest = digest,
            Size = size,
            Path = MediaTypes.IsImageLayer(layer.MediaType) ? path : null,
        };
    }
}
