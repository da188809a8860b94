using Wagi.Oci.Archives;
using Wagi.Oci.Content;
using Wagi.Oci.Errors;
using Wagi.Oci.Remote;

namespace Wagi.Oci.Modules;

/// <summary>
/// Finds the one <c>.wasm</c> file of a container image. Layers are read once, topmost first, so that the first file found is the one that
/// counts and can be written out at once.
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
            0 => throw new OciException(
                OciErrorKind.UnsupportedArtifact,
                $"{subject}: no .wasm file in the {artifact.Layers.Count} layers of this container image ({string.Join(", ", artifact.Layers.Select(layer => layer.MediaType).Distinct(StringComparer.Ordinal))})"),
            1 => _module!,
            _ => throw new OciException(
                OciErrorKind.UnsupportedArtifact,
                $"{subject}: the container image holds {_found.Count} .wasm files ({string.Join(", ", _found.Order(StringComparer.Ordinal))}), which one to run is not said; keep one"),
        };
    }

    private async Task SearchAsync(ModuleArtifact artifact, Descriptor layer, CancellationToken cancellationToken)
    {
        await using var blob = await repository.FetchBlobAsync(layer, cancellationToken);
        var peeked = new PeekStream(blob);
        var head = await peeked.PeekAsync(WasmBinary.PreambleSize, cancellationToken);
        try
        {
            // "oras push REF app.wasm" without a media type labels the bare file as a tar layer.
            if (WasmBinary.IsWasm(head.Span))
            {
                await TakeAsync(artifact, layer, peeked, layer.Title ?? "app.wasm", cancellationToken);
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

        var (digest, size) = await writer.CopyAsync(content, $"'{path}' in the container image", cancellationToken);
        _module = new PulledModule
        {
            Digest = artifact.Digest,
            ManifestDigest = artifact.ManifestDigest,
            LayerDigest = layer.Digest,
            MediaType = layer.MediaType,
            WasmDigest = digest,
            Size = size,
            Path = path,
        };
    }
}
