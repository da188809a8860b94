using Wagi.Hosting.Files;

namespace Wagi.Hosting.Tests.Files;

public sealed class AtomicFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("wagi-test-atomic-").FullName;

    private string Target => Path.Combine(_folder, "below", "file.txt");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task File_IsReplaced_AndNothingElseIsLeft()
    {
        AtomicFile.Write(Target, "old"u8);
        Assert.Equal("old", await File.ReadAllTextAsync(Target, Cancel));

        await AtomicFile.WriteAsync(Target, "new"u8.ToArray(), Cancel);

        Assert.Equal("new", await File.ReadAllTextAsync(Target, Cancel));
        Assert.Equal([Target], Files());
    }

    [Fact]
    public async Task FileThatIsBeingWritten_IsHidden_AndTheOldOneIsStillThere()
    {
        AtomicFile.Write(Target, "old"u8);

        await AtomicFile.WriteAsync(
            Target,
            async (stream, token) =>
            {
                await stream.WriteAsync("half"u8.ToArray(), token);
                Assert.Equal("old", await File.ReadAllTextAsync(Target, token));
                var temporary = Path.GetFileName(Files().Single(file => file != Target));
                Assert.StartsWith(".", temporary, StringComparison.Ordinal);
                Assert.EndsWith(AtomicFile.TemporarySuffix, temporary, StringComparison.Ordinal);
            },
            Cancel);

        Assert.Equal("half", await File.ReadAllTextAsync(Target, Cancel));
    }

    [Fact]
    public async Task WriteThatFails_LeavesTheOldFile_AndNothingElse()
    {
        AtomicFile.Write(Target, "old"u8);

        await Assert.ThrowsAsync<InvalidDataException>(
            () => AtomicFile.WriteAsync(
                Target,
                async (stream, token) =>
                {
                    await stream.WriteAsync("half"u8.ToArray(), token);
                    throw new InvalidDataException();
                },
                Cancel));

        Assert.Equal("old", await File.ReadAllTextAsync(Target, Cancel));
        Assert.Equal([Target], Files());
    }

    [Fact]
    public void Mode_IsThatOfTheReplacingFile()
    {
        AtomicFile.Write(Target, "for everybody"u8);

        AtomicFile.Write(Target, "secret"u8, UnixFileMode.UserRead | UnixFileMode.UserWrite);

        Assert.SkipWhen(OperatingSystem.IsWindows(), "files have no mode there");
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Target));
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string[] Files() => Directory.GetFiles(_folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None });
}
