using System.Text;
using Wagi.TestCluster.Kubernetes;

namespace Wagi.TestCluster.Tests.Kubernetes;

public sealed class ConfigMapVolumeTests : IDisposable
{
    private readonly TempDirectory _directory = new("volume");
    private readonly ConfigMapVolume _volume;

    public ConfigMapVolumeTests() => _volume = new ConfigMapVolume(_directory.PathOf("mounted"));

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Volume_ShowsFiles_ThroughTheDataSymlink()
    {
        Project(("modules.toml", "one"));

        Assert.Equal("one", Read("modules.toml"));
        Assert.Equal("..data/modules.toml", new FileInfo(_volume.PathOf("modules.toml")).LinkTarget);
        Assert.Matches(@"^\.\.\d{4}_\d\d_\d\d_\d\d_\d\d_\d\d\.\d+$", DataTarget());
    }

    [Fact]
    public void Volume_SwapsTheDataSymlink_AndLeavesNothingOfTheOldVersion()
    {
        Project(("modules.toml", "one"), ("gone", "x"));
        var before = DataTarget();

        Project(("modules.toml", "two"), ("new", "y"));

        Assert.NotEqual(before, DataTarget());
        Assert.Equal("two", Read("modules.toml"));
        Assert.Equal("y", Read("new"));
        string[] entries = ["..data", DataTarget(), "modules.toml", "new"];
        Assert.Equal(
            entries.Order(StringComparer.Ordinal),
            Directory.EnumerateFileSystemEntries(_volume.FullPath).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Volume_IsNotTouched_WhenNothingChanged()
    {
        Project(("modules.toml", "one"));
        var before = DataTarget();

        Project(("modules.toml", "one"));

        Assert.Equal(before, DataTarget());
    }

    [Fact]
    public async Task DataSymlink_IsNeverAway_WhileItIsReplaced()
    {
        Project(("modules.toml", "0"));
        using var stop = new CancellationTokenSource();
        var reads = 0;
        var reader = Task.Run(
            () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    // The symlink, not a file behind it: as in a pod, a path that was resolved before the swap may be gone after it.
                    if (new FileInfo(_volume.PathOf("..data")).LinkTarget is not null) reads++;
                    else throw new InvalidOperationException("..data was away");
                }
            },
            TestContext.Current.CancellationToken);

        for (var i = 1; i <= 200; i++) Project(("modules.toml", $"{i}"));
        await stop.CancelAsync();

        await reader;
        Assert.True(reads > 0);
        Assert.Equal("200", Read("modules.toml"));
    }

    [Theory]
    [InlineData("../escape")]
    [InlineData("..data")]
    [InlineData("a/b")]
    [InlineData("")]
    public void Volume_RefusesKeys_ThatKubernetesRefuses(string key) =>
        Assert.Throws<ArgumentException>(() => Project((key, "x")));

    private void Project(params (string Key, string Content)[] data) =>
        _volume.Project(data.ToDictionary(entry => entry.Key, entry => Encoding.UTF8.GetBytes(entry.Content)));

    private string Read(string key) => File.ReadAllText(_volume.PathOf(key));

    private string DataTarget() => new DirectoryInfo(_volume.PathOf("..data")).LinkTarget!;
}
