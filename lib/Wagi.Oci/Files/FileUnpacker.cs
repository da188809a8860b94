using System.Security.Cryptography;
using Wagi.Oci.Archives;
using Wagi.Oci.Content;
using Wagi.Oci.Errors;
using Wagi.Oci.Remote;

namespace Wagi.Oci.Files;

/// <summary>Unpacks the layers of one artifact into one folder.</summary>
internal sealed class FileUnpacker(Repository repository, string folder, FilesLimits limits, string subject)
{
    private const int ChunkSize = 80 * 1024;

    private readonly FileNames _names = new(limits, subject);
    private readonly UnpackBudget _budget = new(limits.MaxUnpackedSize, subject);
    private readonly List<UnpackedFile> _files = [];

    public async Task<IReadOnlyList<UnpackedFile>> RunAsync(FilesArtifact artifact, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        foreach (var layer in artifact.Layers)
        {
            await UnpackAsync(layer, cancellationToken);
        }

        return _files;
    }

    private async Task UnpackAsync(Descriptor layer, CancellationToken cancellationToken)
    {
        await using var blob = await repository.FetchBlobAsync(layer, cancellationToken);
        if (layer.Title is { } title && layer.Annotations!.GetValueOrDefault(AnnotationKeys.Unpack) != "true")
        {
            await using var file = new LimitedStream(blob, _budget);
            await WriteAsync(title, file, cancellationToken);
            return;
        }

        try
        {
            var peeked = new PeekStream(blob);
            var head = await peeked.PeekAsync(Unpacking.HeadSize, cancellationToken);
            await using var unpacked = new LimitedStream(Unpacking.Unpack(peeked, head.Span), _budget);
            await using var archive = new TarEntries(unpacked);
            while (await archive.NextAsync(cancellationToken) is { } entry)
            {
                await TakeAsync(entry, archive, cancellationToken);
            }

            await Unpacking.DrainAsync(unpacked, cancellationToken);
            await Unpacking.DrainAsync(peeked, cancellationToken);
        }
        catch (Exception exception) when (Unpacking.IsMalformed(exception))
        {
            throw new OciException(
                OciErrorKind.UnusableFiles,
                $"{subject}: layer {layer.Digest} ({layer.MediaType}) has no title, so it should be an archive, and cannot be read as one: {exception.Message}",
                innerException: exception);
        }
    }

    private async Task TakeAsync(TarItem entry, Stream content, CancellationToken cancellationToken)
    {
        switch (entry.Kind)
        {
            case TarKind.Folder:
                Directory.CreateDirectory(Path.Combine(folder, _names.AddFolder(entry.Name)));
                break;
            case TarKind.File:
                await WriteAsync(entry.Name, content, cancellationToken);
                break;
            default:
                throw _names.Refuse(entry.Name, $"is {entry.Description}; only files and folders are unpacked");
        }
    }

    private async Task WriteAsync(string name, Stream content, CancellationToken cancellationToken)
    {
        var path = _names.AddFile(name);
        var full = Path.Combine(folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var file = new FileStream(full, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, useAsync: true);
        var buffer = new byte[ChunkSize];
        var size = 0L;
        for (int count; (count = await content.ReadAsync(buffer, cancellationToken)) > 0; size += count)
        {
            hash.AppendData(buffer, 0, count);
            await file.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
        }

        _files.Add(new UnpackedFile(path, size, Convert.ToHexStringLower(hash.GetCurrentHash())));
    }
}
