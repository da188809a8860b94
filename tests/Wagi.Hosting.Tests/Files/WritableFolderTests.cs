using Wagi.Hosting.Files;
using Wagi.TestCluster;

namespace Wagi.Hosting.Tests.Files;

public sealed class WritableFolderTests : IDisposable
{
    private readonly TempDirectory _directory = new("writable");

    [Fact]
    public void FolderIsMade_AndNothingStaysInIt()
    {
        WritableFolder.Prepare(_directory.PathOf("a/b"), "log folder", "--log-dir");
        Assert.Empty(Directory.EnumerateFileSystemEntries(_directory.PathOf("a/b")));
    }

    [Fact]
    public void FolderThatCannotBe_IsNamed_WithTheOption()
    {
        Assert.Equal(
            "log folder '/proc/x' cannot be written to: this file system takes no new folders (choose another with --log-dir)",
            Assert.Throws<IOException>(() => WritableFolder.Prepare("/proc/x", "log folder", "--log-dir")).Message);
        var file = _directory.Write("file", "");
        Assert.StartsWith(
            $"log folder '{file}' cannot be written to: ", Assert.Throws<IOException>(() => WritableFolder.Prepare(file, "log folder", "--log-dir")).Message, StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();
}
