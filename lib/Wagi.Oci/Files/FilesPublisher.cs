using System.Formats.Tar;
using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using Wagi.Oci.Authentication;
using Wagi.Oci.Content;
using Wagi.Oci.Errors;
using Wagi.Oci.References;
using Wagi.Oci.Remote;

namespace Wagi.Oci.Files;

/// <summary>
/// Pushes a folder as an artifact with one layer, a tar archive with gzip. The same files give the same digest: they are sorted, and times and
/// owners are left out. Thread-safe.
/// </summary>
/// <param name="client">Connections; stays the caller's.</param>
/// <param name="limits">How much there may be; null: the defaults, which hold for who unpacks it too.</param>
public sealed class FilesPublisher(RegistryClient client, FilesLimits? limits = null)
{
    private const UnixFileMode FileMode644 = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode FileMode755 = FileMode644 | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private static readonly byte[] EmptyConfig = [.. "{}"u8];

    /// <summary>Pushes everything in a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="reference">The destination: a tag, without a digest.</param>
    /// <param name="created">When it was made; null: not said.</param>
    /// <param name="credentials">Where credentials come from; anonymous if null.</param>
    /// <param name="cancellationToken">Ends the push.</param>
    /// <exception cref="OciException">With the cause; it names what cannot be pushed.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public async Task<PublishedFiles> PublishAsync(
        string folder, Reference reference, DateTimeOffset? created = null, ICredentialStore? credentials = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(reference);
        if (reference.Digest is not null)
        {
            throw new OciException(
                OciErrorKind.InvalidReference, $"{reference}: files are pushed to a tag, their digest is what comes out; leave out '@{reference.Digest}'");
        }

        var packed = Path.Combine(Path.GetTempPath(), $"wagi-files-{Guid.NewGuid():N}.tar.gz");
        try
        {
            var (count, size) = await PackAsync(folder, packed, cancellationToken);
            var layer = await DescribeAsync(packed, cancellationToken);
            var repository = client.Repository(reference, credentials);
            await repository.PushBlobAsync(layer, () => File.OpenRead(packed), cancellationToken);
            var manifest = new Manifest
            {
                SchemaVersion = 2,
                MediaType = MediaTypes.ImageManifest,
                ArtifactType = MediaTypes.Files,
                Config = new Descriptor { MediaType = MediaTypes.Empty, Digest = Digest.Compute(EmptyConfig), Size = EmptyConfig.Length },
                Layers = [layer],
                Annotations = created is null ? null : new(StringComparer.Ordinal)
                {
                    [AnnotationKeys.Created] = created.Value.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
                },
            };
            await repository.PushBlobAsync(manifest.Config, () => new MemoryStream(EmptyConfig, writable: false), cancellationToken);
            var bytes = JsonSerializer.SerializeToUtf8Bytes(manifest, ContentJsonContext.Default.Manifest);
            var pushed = await repository.PushManifestAsync(bytes, MediaTypes.ImageManifest, cancellationToken);
            return new PublishedFiles(reference.WithDigest(pushed.Digest), count, size);
        }
        finally
        {
            File.Delete(packed);
        }
    }

    private static async Task<Descriptor> DescribeAsync(string packed, CancellationToken cancellationToken)
    {
        await using var file = File.OpenRead(packed);
        var digest = Digest.Parse("sha256:" + Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken)));
        return new Descriptor { MediaType = MediaTypes.ImageLayerGzip, Digest = digest, Size = file.Length };
    }

    private async Task<(int Files, long Size)> PackAsync(string folder, string packed, CancellationToken cancellationToken)
    {
        var bounds = limits ?? new FilesLimits();
        var names = new FileNames(bounds, folder);
        var (count, size) = (0, 0L);
        await using var target = File.Create(packed);
        await using var gzip = new GZipStream(target, CompressionLevel.SmallestSize);
        await using var archive = new TarWriter(gzip, TarEntryFormat.Gnu);
        foreach (var (name, file) in List(folder))
        {
            if (file.LinkTarget is not null || (file is FileInfo && (file.Attributes & (FileAttributes.Device | FileAttributes.ReparsePoint)) != 0))
            {
                throw names.Refuse(name, "is a link or a device; only files and folders can be pushed");
            }

            if (file is DirectoryInfo)
            {
                names.AddFolder(name);
                await archive.WriteEntryAsync(Entry(TarEntryType.Directory, name + "/", FileMode755), cancellationToken);
                continue;
            }

            names.AddFile(name);
            await using var content = File.OpenRead(file.FullName);
            var entry = Entry(TarEntryType.RegularFile, name, FileMode644);
            entry.DataStream = content;
            (count, size) = (count + 1, size + content.Length);
            if (size > bounds.MaxUnpackedSize)
            {
                throw new OciException(OciErrorKind.TooLarge, $"{folder}: with '{name}' there are more than {bounds.MaxUnpackedSize} bytes, the most that one artifact may hold");
            }

            await archive.WriteEntryAsync(entry, cancellationToken);
        }

        return count > 0 ? (count, size) : throw new OciException(OciErrorKind.UnusableFiles, $"{folder}: there are no files in this folder");
    }

    /// <summary>Everything below a folder in the order of its name, which no language or file system changes.</summary>
    private static IEnumerable<(string Name, FileSystemInfo File)> List(string folder)
    {
        var found = new List<(string Name, FileSystemInfo File)>();
        var open = new Stack<(string Prefix, DirectoryInfo Folder)>([("", new DirectoryInfo(folder))]);
        while (open.TryPop(out var next))
        {
            foreach (var file in next.Folder.EnumerateFileSystemInfos())
            {
                found.Add((next.Prefix + file.Name, file));
                if (file is DirectoryInfo { LinkTarget: null } below)
                {
                    open.Push(($"{next.Prefix}{file.Name}/", below));
                }
            }
        }

        return found.OrderBy(item => item.Name, StringComparer.Ordinal);
    }

    private static GnuTarEntry Entry(TarEntryType type, string name, UnixFileMode mode) =>
        new(type, name) { Mode = mode, ModificationTime = DateTimeOffset.UnixEpoch };
}

/// <summary>What was pushed.</summary>
/// <param name="Reference">The reference with the manifest's digest, which means these files forever.</param>
/// <param name="Files">How many files.</param>
/// <param name="Size">Their bytes, unpacked.</param>
public sealed record PublishedFiles(Reference Reference, int Files, long Size);
