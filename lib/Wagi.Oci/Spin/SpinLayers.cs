using System.Security.Cryptography;
using Wagi.Oci.Archives;
using Wagi.Oci.Content;
using Wagi.Oci.Errors;
using Wagi.Oci.Files;
using Wagi.Oci.Modules;
using Wagi.Oci.Remote;

namespace Wagi.Oci.Spin;

/// <summary>
/// The parts of a Spin application in a registry, in the form that <c>spin registry push</c> gives them (Spin's crate <c>oci</c>,
/// <c>client.rs</c>): a layer with the locked application; a layer for each component; its files each as a layer, or together as one archive, and the
/// smallest in the locked application itself. Thread-safe.
/// </summary>
/// <param name="client">Connections; stays the caller's.</param>
/// <param name="maxModuleSize">Largest component, in bytes.</param>
/// <param name="limits">How much the files of a component may be; null: the defaults.</param>
public sealed class SpinLayers(RegistryClient client, long maxModuleSize, FilesLimits? limits = null)
{
    /// <summary>Largest locked application, in bytes.</summary>
    public const int MaxApplicationSize = 4 << 20;

    /// <summary>How much the files of a component may be.</summary>
    public FilesLimits Limits { get; } = limits ?? new FilesLimits();

    /// <summary>The locked application, a JSON document, verified by its digest.</summary>
    /// <exception cref="OciException">With the cause.</exception>
    public async Task<byte[]> PullApplicationAsync(ModuleArtifact artifact, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(artifact);
        var subject = artifact.Reference.ToString();
        var layer = artifact.Layout == ModuleLayout.SpinApplication ? artifact.Content! : throw new ArgumentException("it is no Spin application", nameof(artifact));
        if (layer.Size > MaxApplicationSize)
        {
            throw new OciException(OciErrorKind.TooLarge, $"{subject}: the description of the Spin application has {layer.Size} bytes and may have {MaxApplicationSize}");
        }

        await using var blob = await Repository(artifact).FetchBlobAsync(layer, cancellationToken);
        using var bytes = new MemoryStream();
        await blob.CopyToAsync(bytes, cancellationToken);
        return bytes.ToArray();
    }

    /// <summary>The size of a component, by the digest of its bytes.</summary>
    /// <exception cref="OciException">There is no such layer, or it is too large.</exception>
    public long SizeOf(ModuleArtifact artifact, Digest digest)
    {
        var size = Find(artifact, digest).Size;
        return size <= maxModuleSize
            ? size
            : throw new OciException(OciErrorKind.TooLarge, $"{artifact.Reference}: the component of {size} bytes is larger than the limit of {maxModuleSize} bytes");
    }

    /// <summary>Whether the repository lets the artifact's credentials read a component; asked without transferring it.</summary>
    /// <exception cref="OciException">The registry does not answer, its token service refuses the credentials, or there is no such layer.</exception>
    public Task<bool> MayReadAsync(ModuleArtifact artifact, Digest digest, CancellationToken cancellationToken = default) =>
        Repository(artifact).HasBlobAsync(Find(artifact, digest), cancellationToken);

    /// <summary>Writes a component, verified by its digest and its first bytes.</summary>
    /// <exception cref="OciException">With the cause.</exception>
    public async Task PullComponentAsync(ModuleArtifact artifact, Digest digest, Stream destination, CancellationToken cancellationToken = default)
    {
        var layer = Find(artifact, digest);
        await using var blob = await Repository(artifact).FetchBlobAsync(layer, cancellationToken);
        await new ModuleWriter(destination, maxModuleSize, artifact.Reference.ToString()).CopyAsync(blob, $"layer {layer.Digest}", cancellationToken);
    }

    /// <summary>Writes the files of a component into a new folder, verified by their digests.</summary>
    /// <param name="artifact">What was located.</param>
    /// <param name="files">The files.</param>
    /// <param name="folder">Does not exist, and nobody else knows of it. Its content is worthless after an exception.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="OciException">With the cause; it names the file.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public async Task<IReadOnlyList<UnpackedFile>> UnpackAsync(
        ModuleArtifact artifact, IReadOnlyList<SpinFile> files, string folder, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(artifact);
        ArgumentNullException.ThrowIfNull(files);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        var subject = artifact.Reference.ToString();
        var names = new FileNames(Limits, subject);
        var budget = new UnpackBudget(Limits.MaxUnpackedSize, subject);
        var places = files.ToLookup(file => file.Digest, file => (Path: names.AddFile(file.Path), file.Inline));
        var unpacked = new List<UnpackedFile>();
        Directory.CreateDirectory(folder);
        var archived = new HashSet<Digest>();
        foreach (var content in places)
        {
            var inline = content.Select(place => place.Inline).FirstOrDefault(bytes => bytes is not null);
            var layer = artifact.Layers.FirstOrDefault(layer => layer.Digest == content.Key);
            if (inline is null && layer is null)
            {
                archived.Add(content.Key);
                continue;
            }

            await using Stream source = inline is not null ? new MemoryStream(inline) : await Repository(artifact).FetchBlobAsync(layer!, cancellationToken);
            await PlaceAsync(source, content.Key);
        }

        foreach (var archive in artifact.Layers.Where(layer => layer.MediaType == MediaTypes.SpinArchive).TakeWhile(_ => archived.Count > 0))
        {
            await UnpackArchiveAsync(archive);
        }

        return archived.Count == 0
            ? unpacked
            : throw new OciException(
                OciErrorKind.UnusableFiles, $"{subject}: there is no layer with the file '{places[archived.First()].First().Path}' ({archived.First()})");

        async Task PlaceAsync(Stream content, Digest digest)
        {
            var first = Path.Combine(folder, places[digest].First().Path);
            var size = await WriteAsync(content, first, digest);
            foreach (var (path, _) in places[digest])
            {
                var full = Path.Combine(folder, path);
                if (full != first)
                {
                    budget.Spend(size);
                    Directory.CreateDirectory(Path.GetDirectoryName(full)!);
                    File.Copy(first, full);
                }

                unpacked.Add(new UnpackedFile(path, size, digest.Hex));
            }
        }

        async Task<long> WriteAsync(Stream content, string path, Digest digest)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, bufferSize: 0, useAsync: true);
            await using var limited = new LimitedStream(content, budget);
            await limited.CopyToAsync(file, cancellationToken);
            file.Position = 0;
            var hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken));
            return hash == digest.Hex
                ? file.Length
                : throw new OciException(OciErrorKind.DigestMismatch, $"{subject}: the content of a file has the digest sha256:{hash} and should have {digest}");
        }

        // Which files an archive holds is known by their digests, so each is written beside the folder before it has a place.
        async Task UnpackArchiveAsync(Descriptor layer)
        {
            var beside = folder + ".archived";
            try
            {
                await using var blob = await Repository(artifact).FetchBlobAsync(layer, cancellationToken);
                var peeked = new PeekStream(blob);
                var head = await peeked.PeekAsync(Unpacking.HeadSize, cancellationToken);
                await using var plain = new LimitedStream(Unpacking.Unpack(peeked, head.Span), budget);
                await using var archive = new TarEntries(plain);
                while (archived.Count > 0 && await archive.NextAsync(cancellationToken) is { } entry)
                {
                    if (entry.Kind == TarKind.File)
                    {
                        await using var file = new FileStream(beside, FileMode.Create, FileAccess.ReadWrite, FileShare.None, bufferSize: 0, useAsync: true);
                        await archive.CopyToAsync(file, cancellationToken);
                        file.Position = 0;
                        var digest = Digest.Parse("sha256:" + Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken)));
                        if (archived.Remove(digest))
                        {
                            file.Position = 0;
                            await PlaceAsync(file, digest);
                        }
                    }
                }

                await Unpacking.DrainAsync(plain, cancellationToken);
                await Unpacking.DrainAsync(peeked, cancellationToken);
            }
            catch (Exception exception) when (Unpacking.IsMalformed(exception))
            {
                throw new OciException(
                    OciErrorKind.UnusableFiles, $"{subject}: layer {layer.Digest} ({layer.MediaType}) cannot be read as an archive: {exception.Message}", innerException: exception);
            }
            finally
            {
                File.Delete(beside);
            }
        }
    }

    private static Descriptor Find(ModuleArtifact artifact, Digest digest) => artifact.Layers.FirstOrDefault(layer => layer.Digest == digest)
        ?? throw new OciException(OciErrorKind.UnsupportedArtifact, $"{artifact.Reference}: the Spin application names a component {digest}, and there is no such layer");

    private Repository Repository(ModuleArtifact artifact) => client.Repository(artifact.Reference, artifact.Credentials);
}

/// <summary>A file of a component.</summary>
/// <param name="Path">Where the component sees it, below its root.</param>
/// <param name="Digest">Of its content.</param>
/// <param name="Inline">The content, when the locked application has it itself.</param>
public sealed record SpinFile(string Path, Digest Digest, byte[]? Inline);
