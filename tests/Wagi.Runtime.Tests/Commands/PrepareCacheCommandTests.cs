using Wagi.Runtime.Cache;
using Wagi.TestCluster.Processes;

namespace Wagi.Runtime.Tests.Commands;

/// <summary>What a pod's init container does with a folder that the kubelet made for root.</summary>
public sealed class PrepareCacheCommandTests : IDisposable
{
    private const string Runtime = "1654";

    private readonly CommandFolder _folder = new();

    [Fact]
    public async Task MissingFolder_IsMade_ForThatUserAlone()
    {
        SkipUnlessRoot();

        Assert.Equal(0, (await PrepareAsync()).Code);

        Assert.Equal("1654:1654 700", await OwnerAsync());
    }

    [Fact]
    public async Task FolderOfAnEarlierCache_IsGivenToThatUser_AndPreparedAgain()
    {
        SkipUnlessRoot();
        new CacheDirectory(_folder.Cache).Prepare();

        Assert.Equal(new CommandOutcome(0, $"{_folder.Cache} belongs to user 1654 now, and to nobody else\n", ""), await PrepareAsync());
        Assert.Equal(new CommandOutcome(0, $"{_folder.Cache} belongs to user 1654\n", ""), await PrepareAsync());

        Assert.Equal("1654:1654 700", await OwnerAsync());
    }

    [Fact]
    public async Task FolderWithSomethingElseInIt_IsLeftAlone()
    {
        SkipUnlessRoot();
        Directory.CreateDirectory(_folder.Cache);
        await File.WriteAllTextAsync(Path.Combine(_folder.Cache, "passwd"), "", TestContext.Current.CancellationToken);
        var before = await OwnerAsync();

        var outcome = await PrepareAsync();

        Assert.Equal(1, outcome.Code);
        Assert.EndsWith($": '{_folder.Cache}' belongs to user 0 and holds what is no module cache: choose another directory, or empty it\n", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(before, await OwnerAsync());
    }

    [Fact]
    public async Task UserThatIsNoNumber_IsRefused() =>
        Assert.NotEqual(0, (await CommandFolder.RunAsync("prepare-cache", _folder.Cache, "--owner", "wagi")).Code);

    public void Dispose() => _folder.Dispose();

    private static void SkipUnlessRoot() =>
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "only root on Linux may give a folder away");

    private Task<CommandOutcome> PrepareAsync() => CommandFolder.RunAsync("prepare-cache", _folder.Cache, "--owner", Runtime);

    private async Task<string> OwnerAsync() =>
        (await Command.RunAsync("stat", ["--format", "%u:%g %a", _folder.Cache])).EnsureSuccess().Stdout.Trim();
}
