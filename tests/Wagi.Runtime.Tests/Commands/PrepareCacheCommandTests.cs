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
        foreach (var folder in Directory.GetDirectories(_folder.Cache)) await GiveAsync(Runtime, folder);

        Assert.Equal(new CommandOutcome(0, $"{_folder.Cache} belongs to user 1654 now, and to nobody else\n", ""), await PrepareAsync());
        Assert.Equal(new CommandOutcome(0, $"{_folder.Cache} belongs to user 1654\n", ""), await PrepareAsync());

        Assert.Equal("1654:1654 700", await OwnerAsync());
    }

    [Theory]
    [InlineData("passwd")]
    [InlineData("blobs")] // of root: the runtime could not write to it
    public async Task FolderWithSomethingElseInIt_IsLeftAlone(string name)
    {
        SkipUnlessRoot();
        Directory.CreateDirectory(Path.Combine(_folder.Cache, name));
        var before = await OwnerAsync();

        var outcome = await PrepareAsync();

        Assert.Equal(1, outcome.Code);
        Assert.EndsWith(
            $": '{_folder.Cache}/{name}' is no part of a module cache of user 1654: choose a directory that is for the cache alone (in the chart: runtime.cache.hostPath.path)\n",
            outcome.Error,
            StringComparison.Ordinal);
        Assert.Equal(before, await OwnerAsync());
    }

    [Fact]
    public async Task FolderOfAnotherUser_IsLeftAlone()
    {
        SkipUnlessRoot();
        Directory.CreateDirectory(_folder.Cache);
        await GiveAsync("1000", _folder.Cache);

        var outcome = await PrepareAsync();

        Assert.Equal(1, outcome.Code);
        Assert.EndsWith($": '{_folder.Cache}' belongs to user 1000: give it to user 1654, or choose another directory\n", outcome.Error, StringComparison.Ordinal);
    }

    /// <summary>Pods that start together on a node, each with no power but the one to give a folder away.</summary>
    [Fact]
    public async Task ManyAtOnce_AllSucceed()
    {
        SkipUnlessRoot();
        for (var round = 0; round < 20; round++)
        {
            if (Directory.Exists(_folder.Cache)) Directory.Delete(_folder.Cache);
            Assert.All(await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(PrepareAsync))), outcome => Assert.Equal(0, outcome.Code));
        }
    }

    [Fact]
    public async Task UserThatIsNoNumber_IsRefused() =>
        Assert.NotEqual(0, (await CommandFolder.RunAsync("prepare-cache", _folder.Cache, "--owner", "wagi")).Code);

    public void Dispose() => _folder.Dispose();

    private static void SkipUnlessRoot() =>
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "only root on Linux may give a folder away");

    private Task<CommandOutcome> PrepareAsync() => CommandFolder.RunAsync("prepare-cache", _folder.Cache, "--owner", Runtime);

    private static async Task GiveAsync(string user, string path) => (await Command.RunAsync("chown", [user, path])).EnsureSuccess();

    private async Task<string> OwnerAsync() =>
        (await Command.RunAsync("stat", ["--format", "%u:%g %a", _folder.Cache])).EnsureSuccess().Stdout.Trim();
}
