using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Wagi.Oci.Authentication;
using Wagi.Oci.Content;
using Wagi.Oci.Modules;
using Wagi.Oci.References;
using Wagi.Oci.Remote;

namespace Wagi.Oci.Tests.Registries;

/// <summary>Pushes artifacts of any shape, right or wrong, and pulls modules.</summary>
internal static class Artifacts
{
    /// <summary>Locates the module that a reference means and writes it to <paramref name="destination"/>.</summary>
    public static async Task<PulledModule> PullAsync(
        this WasmModuleSource source, Reference reference, Stream destination, ICredentialStore? credentials = null, CancellationToken cancellationToken = default) =>
        await source.PullAsync(await source.LocateAsync(reference, credentials, cancellationToken), destination, cancellationToken);

    /// <summary>Pushes layers, config and a manifest; gives the manifest's descriptor.</summary>
    public static async Task<Descriptor> PushAsync(
        RegistryClient client,
        Reference reference,
        string configType,
        IEnumerable<(string MediaType, byte[] Content)> layers,
        string manifestType = MediaTypes.ImageManifest)
    {
        var repository = client.Repository(reference);
        var config = await PushBlobAsync(repository, configType, "{}"u8.ToArray());
        var pushed = new List<Descriptor>();
        foreach (var (mediaType, content) in layers) pushed.Add(await PushBlobAsync(repository, mediaType, content));
        var manifest = new Manifest { SchemaVersion = 2, MediaType = manifestType, Config = config, Layers = pushed };
        return await repository.PushManifestAsync(
            JsonSerializer.SerializeToUtf8Bytes(manifest, ContentJsonContext.Default.Manifest), manifestType, TestContext.Current.CancellationToken);
    }

    /// <summary>Pushes an index of manifests that are there already.</summary>
    public static async Task<Descriptor> PushIndexAsync(
        RegistryClient client, Reference reference, IEnumerable<(string Platform, Descriptor Manifest)> entries, string indexType = MediaTypes.ImageIndex)
    {
        var index = new ImageIndex
        {
            SchemaVersion = 2,
            MediaType = indexType,
            Manifests = [.. entries.Select(entry => entry.Manifest with { Platform = Platform(entry.Platform) })],
        };
        return await client.Repository(reference).PushManifestAsync(
            JsonSerializer.SerializeToUtf8Bytes(index, ContentJsonContext.Default.ImageIndex), indexType, TestContext.Current.CancellationToken);
    }

    /// <summary>A tar archive of these files; a name that ends in a slash is a directory.</summary>
    public static byte[] Tar(params (string Path, byte[] Content)[] files)
    {
        using var archive = new MemoryStream();
        using (var writer = new TarWriter(archive, leaveOpen: true))
        {
            foreach (var (path, content) in files)
            {
                writer.WriteEntry(path.EndsWith('/')
                    ? new PaxTarEntry(TarEntryType.Directory, path)
                    : new PaxTarEntry(TarEntryType.RegularFile, path) { DataStream = new MemoryStream(content) });
            }
        }

        return archive.ToArray();
    }

    public static byte[] Gzip(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) gzip.Write(content);
        return packed.ToArray();
    }

    public static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);

    private static async Task<Descriptor> PushBlobAsync(Repository repository, string mediaType, byte[] content)
    {
        var descriptor = new Descriptor { MediaType = mediaType, Digest = Digest.Compute(content), Size = content.Length };
        await repository.PushBlobAsync(descriptor, () => new MemoryStream(content), TestContext.Current.CancellationToken);
        return descriptor;
    }

    private static Platform Platform(string text)
    {
        var parts = text.Split('/');
        return new Platform { OperatingSystem = parts[0], Architecture = parts[1], Variant = parts.ElementAtOrDefault(2) };
    }
}
