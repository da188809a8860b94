using System.Formats.Tar;
using System.Text.Json;
using Wagi.TestCluster.Product;
using ZstdSharp;

namespace Wagi.Chart.Tests.Images;

/// <summary>One archive that <c>make images</c> wrote: an OCI layout (OCI image spec 1.1) with one image in it.</summary>
internal sealed class ImageArchive
{
    private readonly Dictionary<string, byte[]> _files;

    private ImageArchive(Dictionary<string, byte[]> files)
    {
        _files = files;
        Descriptor = Json("index.json").GetProperty("manifests")[0];
        var manifest = Blob(Descriptor);
        Config = Blob(manifest.GetProperty("config"));
        Layers = [.. manifest.GetProperty("layers").EnumerateArray()];
    }

    /// <summary>The image's entry in <c>index.json</c>.</summary>
    public JsonElement Descriptor { get; }

    /// <summary>The image's configuration.</summary>
    public JsonElement Config { get; }

    private IReadOnlyList<JsonElement> Layers { get; }

    /// <summary>The archive of one program; skips the test where it was not made.</summary>
    public static ImageArchive Read(string program, string rid)
    {
        var path = Path.Combine(Checkout.Root, "artifacts", "images", $"{program}-{rid}.tar");
        Assert.SkipUnless(File.Exists(path), $"artifacts/images/{program}-{rid}.tar is not there: 'make images' makes those of every platform, 'make test' its own only");
        using var stream = File.OpenRead(path);
        return new ImageArchive(Files(stream).ToDictionary(file => file.Path, file => file.Content));
    }

    /// <summary>The paths of all files in the image, and the content of the last layer that has each.</summary>
    public Dictionary<string, byte[]> RootFileSystem()
    {
        var files = new Dictionary<string, byte[]>();
        foreach (var layer in Layers)
        {
            Assert.Equal("application/vnd.oci.image.layer.v1.tar+zstd", layer.GetProperty("mediaType").GetString());
            using var stream = new DecompressionStream(new MemoryStream(_files[BlobPath(layer)]));
            foreach (var (path, content) in Files(stream)) files[path] = content;
        }

        return files;
    }

    private static IEnumerable<(string Path, byte[] Content)> Files(Stream tar)
    {
        using var reader = new TarReader(tar);
        while (reader.GetNextEntry() is { } entry)
        {
            if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile)) continue;
            using var content = new MemoryStream();
            entry.DataStream?.CopyTo(content);
            yield return (entry.Name.StartsWith("./", StringComparison.Ordinal) ? entry.Name[2..] : entry.Name, content.ToArray());
        }
    }

    private static string BlobPath(JsonElement descriptor) => "blobs/" + descriptor.GetProperty("digest").GetString()!.Replace(':', '/');

    private JsonElement Blob(JsonElement descriptor) => Json(BlobPath(descriptor));

    private JsonElement Json(string path) => JsonDocument.Parse(_files[path]).RootElement;
}
