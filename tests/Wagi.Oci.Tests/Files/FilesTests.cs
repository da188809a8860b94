using System.Formats.Tar;
using System.Text;
using Wagi.Oci.Content;
using Wagi.Oci.Errors;
using Wagi.Oci.Files;
using Wagi.Oci.References;
using Wagi.Oci.Remote;
using Wagi.Oci.Tests.Registries;
using Wagi.TestCluster;
using Wagi.TestCluster.Processes;
using static Wagi.Oci.Tests.Registries.Artifacts;

namespace Wagi.Oci.Tests.Files;

/// <summary>Artifacts with files, against a real registry.</summary>
public sealed class FilesTests(AnonymousRegistry registry) : IClassFixture<AnonymousRegistry>, IDisposable
{
    private readonly TempDirectory _directory = new("files");
    private readonly RegistryClient _client = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task PushedFolder_IsUnpackedAsItWas()
    {
        var deep = string.Join('/', Enumerable.Repeat("a-folder-with-a-long-name", 8)) + "/page.html";
        _directory.Write("site/index.html", "<h1>hello</h1>");
        _directory.Write($"site/{deep}", "deep");
        Directory.CreateDirectory(_directory.PathOf("site/empty"));

        var pushed = await new FilesPublisher(_client).PublishAsync(_directory.PathOf("site"), Reference("site"), cancellationToken: Cancel);
        var (folder, files) = await UnpackAsync(pushed.Reference);

        Assert.Equal((2, 18), (pushed.Files, pushed.Size));
        Assert.Equal([deep, "index.html"], files.Select(file => file.Path));
        Assert.Equal("<h1>hello</h1>", File.ReadAllText(Path.Combine(folder, "index.html")));
        Assert.Equal("deep", File.ReadAllText(Path.Combine(folder, deep)));
        Assert.True(Directory.Exists(Path.Combine(folder, "empty")));
    }

    [Fact]
    public async Task SameFiles_HaveTheSameDigest_WhateverTheirTimes()
    {
        _directory.Write("one/b", "b");
        _directory.Write("one/a/c", "c");
        _directory.Write("two/a/c", "c");
        _directory.Write("two/b", "b");
        File.SetLastWriteTimeUtc(_directory.PathOf("two/b"), new DateTime(2001, 2, 3, 0, 0, 0, DateTimeKind.Utc));

        var first = await new FilesPublisher(_client).PublishAsync(_directory.PathOf("one"), Reference("same"), cancellationToken: Cancel);
        var second = await new FilesPublisher(_client).PublishAsync(_directory.PathOf("two"), Reference("same"), cancellationToken: Cancel);

        Assert.Equal(first.Reference, second.Reference);
    }

    [Fact]
    public async Task LinkInThePushedFolder_IsRefused()
    {
        _directory.Write("linked/a", "a");
        File.CreateSymbolicLink(_directory.PathOf("linked/b"), "/etc/passwd");

        var refused = await Assert.ThrowsAsync<OciException>(() => new FilesPublisher(_client).PublishAsync(_directory.PathOf("linked"), Reference("linked"), cancellationToken: Cancel));

        Assert.Contains("'b' is a link", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../out", "leads out of the folder")]
    [InlineData("a/../../out", "leads out of the folder")]
    [InlineData("/etc/out", "is an absolute path")]
    [InlineData("a\nb", "has a control character")]
    [InlineData("a/.wh.b", "removes a file of a lower layer")]
    [InlineData("a/b/..", "leads out of the folder")]
    public async Task NameThatIsNotInOrder_IsRefused(string name, string why) =>
        await RefusedAsync(Tar(("good", Text("x")), (name, Text("x"))), $"{why}", OciErrorKind.UnusableFiles);

    [Theory]
    [InlineData(TarEntryType.SymbolicLink, "'link' is a symbolic link")]
    [InlineData(TarEntryType.HardLink, "'link' is a hard link")]
    [InlineData(TarEntryType.CharacterDevice, "'link' is a device")]
    [InlineData(TarEntryType.BlockDevice, "'link' is a device")]
    [InlineData(TarEntryType.Fifo, "'link' is a pipe")]
    public async Task WhatIsNoFile_IsRefused(TarEntryType type, string why)
    {
        using var archive = new MemoryStream();
        using (var writer = new TarWriter(archive, leaveOpen: true))
        {
            var entry = new PaxTarEntry(type, "link");
            if (type is TarEntryType.SymbolicLink or TarEntryType.HardLink)
            {
                entry.LinkName = "/etc/passwd";
            }

            writer.WriteEntry(entry);
        }

        await RefusedAsync(archive.ToArray(), why, OciErrorKind.UnusableFiles);
    }

    [Fact]
    public async Task NameThatIsThereTwice_IsRefused()
    {
        await RefusedAsync(Tar(("a", Text("1")), ("./a", Text("2"))), "'./a' is there twice", OciErrorKind.UnusableFiles);
        await RefusedAsync(Tar(("a", Text("1")), ("a/b", Text("2"))), "'a/b' needs 'a' to be a file and a folder", OciErrorKind.UnusableFiles);
        await RefusedAsync(Tar(("a/b", Text("1")), ("a", Text("2"))), "'a' needs 'a' to be a file and a folder", OciErrorKind.UnusableFiles);
    }

    [Fact]
    public async Task TooMuch_IsRefused()
    {
        var limits = new FilesLimits { MaxFiles = 3, MaxUnpackedSize = 100_000 };
        await RefusedAsync(Tar(("a/b/c", Text("1")), ("d", Text("2"))), "more than 3 files and folders; 'd' is one too many", OciErrorKind.TooLarge, limits);
        await RefusedAsync(Gzip(Tar(("bomb", new byte[10_000_000]))), "unpack to more than the limit of 100000 bytes", OciErrorKind.TooLarge, limits);
    }

    [Fact]
    public async Task HeaderThatClaimsToBeLarge_TakesNoMemory()
    {
        var archive = Tar(("a", Text("1")));

        // The first entry is a pax header; its size becomes 2 GiB, and its sum is put right.
        Encoding.ASCII.GetBytes("17777777777\0").CopyTo(archive, 124);
        archive.AsSpan(148, 8).Fill((byte)' ');
        Encoding.ASCII.GetBytes(Convert.ToString(archive.Take(512).Sum(value => value), 8).PadLeft(6, '0') + "\0 ").CopyTo(archive, 148);

        await RefusedAsync(archive, "bytes about an entry", OciErrorKind.UnusableFiles);
    }

    [Fact]
    public async Task LayerThatIsNoArchive_IsRefused() => await RefusedAsync(Text("no archive"), "cannot be read as one", OciErrorKind.UnusableFiles);

    [Fact]
    public async Task SeveralLayers_OfEveryForm_AreOneFolder()
    {
        using var zstd = new MemoryStream();
        using (var compressor = new ZstdSharp.CompressionStream(zstd, leaveOpen: true))
        {
            compressor.Write(Tar(("c", Text("3"))));
        }

        await PushAsync(_client, Reference("layers"), "application/vnd.oci.empty.v1+json",
        [
            (MediaTypes.ImageLayer, Tar(("a", Text("1")))), (MediaTypes.ImageLayerGzip, Gzip(Tar(("b", Text("2"))))), (MediaTypes.ImageLayerZstd, zstd.ToArray()),
        ]);

        var (folder, _) = await UnpackAsync(Reference("layers"));

        Assert.Equal(["1", "2", "3"], new[] { "a", "b", "c" }.Select(name => File.ReadAllText(Path.Combine(folder, name))));
    }

    [Fact]
    public async Task WhatOrasPushes_IsUnpackedAsOrasWould()
    {
        Assert.SkipWhen(TestTools.WhyMissing("oras") is not null, TestTools.WhyMissing("oras") ?? "");
        _directory.Write("oras/robots.txt", "allow");
        _directory.Write("oras/site/index.html", "hello");

        (await Command.RunAsync(
            "sh", ["-c", $"cd '{_directory.PathOf("oras")}' && '{TestTools.Find("oras")}' push --plain-http {Reference("oras")} robots.txt site"], cancellationToken: Cancel)).EnsureSuccess();
        var (folder, _) = await UnpackAsync(Reference("oras"));

        Assert.Equal("allow", File.ReadAllText(Path.Combine(folder, "robots.txt")));
        Assert.Equal("hello", File.ReadAllText(Path.Combine(folder, "site/index.html")));
    }

    private async Task RefusedAsync(byte[] layer, string why, OciErrorKind kind, FilesLimits? limits = null)
    {
        var reference = Reference($"bad-{Guid.NewGuid():N}");
        await PushAsync(_client, reference, "application/vnd.oci.empty.v1+json", [(MediaTypes.ImageLayer, layer)]);
        var refused = await Assert.ThrowsAsync<OciException>(() => UnpackAsync(reference, limits));
        Assert.Equal(kind, refused.Kind);
        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_directory.PathOf("out")));
    }

    private async Task<(string Folder, IReadOnlyList<UnpackedFile> Files)> UnpackAsync(Reference reference, FilesLimits? limits = null)
    {
        var source = new FilesSource(_client, limits);
        var folder = _directory.PathOf($"unpacked-{Guid.NewGuid():N}");
        return (folder, await source.UnpackAsync(await source.LocateAsync(reference, cancellationToken: Cancel), folder, Cancel));
    }

    private Reference Reference(string name) => Wagi.Oci.References.Reference.Parse($"{registry.Server.Address}/files/{name}:v1");

    public void Dispose()
    {
        _client.Dispose();
        _directory.Dispose();
    }
}
