using System.Formats.Tar;
using System.IO.Compression;
using Wagi.Oci.Content;
using Wagi.Oci.Errors;
using Wagi.Oci.Remote;

namespace Wagi.Oci.Modules;

/// <summary>
/// Finds the one <c>.wasm</c> file of a container image. Layers are read once, topmost first, so that the first file found is the one that
/// counts and can be written out at once.
/// </summary>
internal sealed class ImageSearch(Repository repository, ModuleWriter writer, ImageBudget budget, string subject)
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
            await DrainAsync(peeked, cancellationToken);
        }
        catch (Exception exception) when (exception is InvalidDataException or FormatException or EndOfStreamException)
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
        await using var unpacked = new LimitedStream(Unpack(layer, content, head.Span), budget);
        await using var archive = new TarReader(unpacked, leaveOpen: true);
        while (await archive.GetNextEntryAsync(copyData: false, cancellationToken) is { } entry)
        {
            var path = _files.Visit(entry.Name, entry.EntryType == TarEntryType.Directory);
            if (path is null || entry.DataStream is null || !path.EndsWith(".wasm", StringComparison.OrdinalIgnoreCase)
                || entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile))
            {
                continue;
            }

            await TakeAsync(artifact, layer, entry.DataStream, path, cancellationToken);
        }

        await DrainAsync(unpacked, cancellationToken);
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

    // By content, as container runtimes do: media types are sometimes wrong.
    private Stream Unpack(Descriptor layer, Stream content, ReadOnlySpan<byte> head)
    {
        if (head.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b]))
        {
            return new GZipStream(content, CompressionMode.Decompress, leaveOpen: true);
        }

        if (head.StartsWith((ReadOnlySpan<byte>)[0x28, 0xb5, 0x2f, 0xfd]))
        {
            throw new OciException(
                OciErrorKind.UnsupportedArtifact,
                $"{subject}: layer {layer.Digest} is compressed with zstd, which is not supported; build the image with gzip, or push the module as a Wasm artifact");
        }

        return content;
    }

    private static async Task DrainAsync(Stream stream, CancellationToken cancellationToken)
    {
        var buffer = new byte[16 * 1024];
        while (await stream.ReadAsync(buffer, cancellationToken) > 0)
        {
        }
    }
}

/// <summary>How many more bytes the layers of one image may unpack to.</summary>
internal sealed class ImageBudget(long limit, string subject)
{
    private long _spent;

    /// <exception cref="OciException"><see cref="OciErrorKind.TooLarge"/> when it is used up.</exception>
    public void Spend(int count)
    {
        _spent += count;
        if (_spent > limit)
        {
            throw new OciException(OciErrorKind.TooLarge, $"{subject}: the layers of the image unpack to more than the limit of {limit} bytes");
        }
    }
}

/// <summary>Reads at most as much as the budget allows, which all layers of an image share.</summary>
internal sealed class LimitedStream(Stream inner, ImageBudget budget) : ForwardStream
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await inner.ReadAsync(buffer, cancellationToken);
        budget.Spend(count);
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}

/// <summary>Shows the first bytes before they are read. Leaves the inner stream open.</summary>
internal sealed class PeekStream(Stream inner) : ForwardStream
{
    private byte[] _head = [];
    private int _count;
    private int _taken;

    /// <summary>The first bytes, or fewer if there are not that many. Call it once, before reading.</summary>
    public async Task<ReadOnlyMemory<byte>> PeekAsync(int count, CancellationToken cancellationToken)
    {
        _head = new byte[count];
        _count = await inner.ReadAtLeastAsync(_head, count, throwOnEndOfStream: false, cancellationToken);
        return _head.AsMemory(0, _count);
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = Math.Min(buffer.Length, _count - _taken);
        if (count == 0)
        {
            return inner.ReadAsync(buffer, cancellationToken);
        }

        _head.AsMemory(_taken, count).CopyTo(buffer);
        _taken += count;
        return new(count);
    }
}
