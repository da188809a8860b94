using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Wagi.TestCluster.Kubernetes.Node;

/// <summary>An image of a few files, written as <c>docker save</c> does, for <c>ctr images import</c>.</summary>
internal static class ImageArchive
{
    private const UnixFileMode Executable =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <param name="archive">The file to write.</param>
    /// <param name="reference">The image's name.</param>
    /// <param name="entrypoint">What a container runs.</param>
    /// <param name="files">Path in the image, and content; all can be executed.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static async Task WriteAsync(
        string archive, string reference, string[] entrypoint, IEnumerable<(string Path, byte[] Content)> files, CancellationToken cancellationToken)
    {
        var layer = new MemoryStream();
        await using (var tar = new TarWriter(layer, leaveOpen: true))
        {
            foreach (var (path, content) in files) await WriteAsync(tar, path.TrimStart('/'), content);
        }

        var digest = Convert.ToHexStringLower(SHA256.HashData(layer.ToArray()));
        var config =
            $$"""
            {"architecture":"amd64","os":"linux","config":{"Entrypoint":{{JsonSerializer.Serialize(entrypoint)}} },"rootfs":{"type":"layers","diff_ids":["sha256:{{digest}}"]} }
            """;
        var manifest = $$"""[{"Config":"config.json","RepoTags":["{{reference}}"],"Layers":["layer.tar"]}]""";

        await using var writer = new TarWriter(File.Create(archive));
        await WriteAsync(writer, "config.json", Encoding.UTF8.GetBytes(config));
        await WriteAsync(writer, "layer.tar", layer.ToArray());
        await WriteAsync(writer, "manifest.json", Encoding.UTF8.GetBytes(manifest));

        Task WriteAsync(TarWriter tar, string path, byte[] content) => tar.WriteEntryAsync(
            new PaxTarEntry(TarEntryType.RegularFile, path) { DataStream = new MemoryStream(content), Mode = Executable }, cancellationToken);
    }
}
