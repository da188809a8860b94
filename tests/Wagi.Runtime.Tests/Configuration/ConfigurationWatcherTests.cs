using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Wagi.Hosting.Supervision;
using Wagi.Runtime.Configuration;
using Wagi.Runtime.Loading;
using Wagi.Runtime.Sources;
using Wagi.TestCluster;
using Wagi.TestCluster.Kubernetes;

namespace Wagi.Runtime.Tests.Configuration;

public sealed class ConfigurationWatcherTests : IDisposable
{
    private static readonly TimeSpan AMoment = TimeSpan.FromMilliseconds(250);

    private readonly TempDirectory _folder = new("watcher");
    private readonly FakeTimeProvider _time = new();
    private readonly List<DesiredModules> _applied = [];
    private readonly List<string> _reloaded = [];

    public ConfigurationWatcherTests() => Directory.CreateDirectory(_folder.PathOf("secrets"));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static string Entry(string name) => $"[[module]]\nid = \"{name}\"\nroute = \"/{name}\"\nmodule = \"{name}.wasm\"\n";

    private ConfigurationWatcher Watch(string? path = null, TimeProvider? time = null, ReloadGate? gate = null)
    {
        var reader = new ConfigurationReader(
            ModulesOrigin.OfConfiguration(path ?? _folder.PathOf("modules.toml")), _folder.PathOf("secrets"), TimeProvider.System, NullLogger<ConfigurationReader>.Instance);
        return new ConfigurationWatcher(
            reader, new FileSource(_folder.FullPath), _applied.Add, _reloaded.Add, time ?? _time, NullLogger<ConfigurationWatcher>.Instance, gate);
    }

    /// <summary>What is served, as far as the watcher has told.</summary>
    private string Served => string.Join(' ', _applied[^1].File.Entries.Select(entry => entry.Id));

    [Fact]
    public void FileThatIsRewrittenInPlace_IsReadOnceItIsComplete()
    {
        _folder.Write("modules.toml", Entry("a") + Entry("b"));
        using var watcher = Watch();
        watcher.Look();
        Assert.Equal("a b", Served);

        // As `cat > modules.toml` does it: empty, then a part that would pass for a whole file, then all of it.
        foreach (var step in new[] { "", Entry("a"), Entry("a") + Entry("b") + Entry("c") })
        {
            File.WriteAllText(_folder.PathOf("modules.toml"), step);
            watcher.Look();
            _time.Advance(TimeSpan.FromMilliseconds(20));
            watcher.Look();
            Assert.Single(_applied);
        }

        _time.Advance(AMoment);
        watcher.Look();
        Assert.Equal("a b c", Served);
        Assert.Equal(2, _applied.Count);
    }

    [Fact]
    public void EmptyFile_CountsOnlyWhenItStaysSo()
    {
        _folder.Write("modules.toml", Entry("a"));
        using var watcher = Watch();
        watcher.Look();

        File.WriteAllText(_folder.PathOf("modules.toml"), "");
        watcher.Look();
        _time.Advance(TimeSpan.FromSeconds(1.5));
        watcher.Look();
        Assert.Equal("a", Served);

        _time.Advance(TimeSpan.FromSeconds(1));
        watcher.Look();
        Assert.Equal("", Served);
    }

    [Fact]
    public void FileThatIsGoneForAMoment_ChangesNothing()
    {
        _folder.Write("modules.toml", Entry("a"));
        using var watcher = Watch();
        watcher.Look();

        File.Delete(_folder.PathOf("modules.toml"));
        watcher.Look();
        _folder.Write("modules.toml", Entry("a") + Entry("b"));
        watcher.Look();
        _time.Advance(AMoment);
        watcher.Look();

        Assert.Equal("a b", Served);
        Assert.All(_applied, desired => Assert.Empty(desired.File.Problems));
    }

    /// <summary>What a kubelet shows is complete, whether it is empty or not.</summary>
    [Fact]
    public void SwappedLink_IsFollowedAtOnce()
    {
        var volume = new ConfigMapVolume(_folder.PathOf("volume"));
        void Project(string text) => volume.Project(new Dictionary<string, byte[]> { ["modules.toml"] = Encoding.UTF8.GetBytes(text) });
        Project(Entry("a"));
        using var watcher = Watch(volume.PathOf("modules.toml"));
        watcher.Look();
        Assert.Equal("a", Served);

        Project(Entry("b"));
        watcher.Look();
        Assert.Equal("b", Served);

        Project("");
        watcher.Look();
        Assert.Equal("", Served);
    }

    [Fact]
    public void NewSecrets_AreReadAtOnce_ButNotWithAFileThatIsBeingWritten()
    {
        _folder.Write("modules.toml", Entry("a"));
        using var watcher = Watch();
        watcher.Look();
        _folder.Write("secrets/one", "{}");
        watcher.Look();
        Assert.Equal(2, _applied.Count);

        File.WriteAllText(_folder.PathOf("modules.toml"), "");
        _folder.Write("secrets/two", "{}");
        watcher.Look();
        Assert.Equal(2, _applied.Count);
    }

    [Fact]
    public void PathThatNoFileSystemKnows_IsAProblem_AndNotTheEndOfTheLoop()
    {
        _folder.Write("modules.toml", Entry("a") + "[[module]]\nroute = \"/b\"\nmodule = \"b\\u0000.wasm\"\n");
        using var watcher = Watch();
        watcher.Look();
        Assert.Equal("a", Served);
        Assert.Single(_applied[^1].File.Problems);
    }

    [Fact]
    public void ChangedModule_WaitsForTheGate()
    {
        _folder.Write("modules.toml", Entry("a"));
        _folder.Write("a.wasm", "one");
        var gate = new ReloadGate();
        using var watcher = Watch(gate: gate);
        watcher.Look();

        gate.Close();
        _folder.Write("a.wasm", "half built");
        watcher.Look();
        _time.Advance(AMoment);
        watcher.Look();
        Assert.Empty(_reloaded);

        gate.Open();
        watcher.Look();
        Assert.Equal(["a"], _reloaded);
    }

    [Fact]
    public void ModuleFileThatIsRewritten_IsReloadedOnce_WhenItIsComplete()
    {
        _folder.Write("modules.toml", Entry("a"));
        _folder.Write("a.wasm", "one");
        using var watcher = Watch();
        watcher.Look();

        foreach (var step in new[] { "", "two", "two and more" })
        {
            File.WriteAllText(_folder.PathOf("a.wasm"), step);
            watcher.Look();
            Assert.Empty(_reloaded);
        }

        _time.Advance(AMoment);
        watcher.Look();
        watcher.Look();
        Assert.Equal(["a"], _reloaded);
        Assert.Single(_applied);
    }

    [Fact]
    public async Task Loop_NoticesChanges_AndProvesThatItIsAlive()
    {
        _folder.Write("modules.toml", Entry("a"));
        using var watcher = Watch(time: TimeProvider.System);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var progress = new LoopProgress(TimeProvider.System);
        var running = Task.Run(() => watcher.RunAsync(progress, stop.Token), Cancellation);
        await Eventually.Becomes(_ => Task.FromResult(_applied.Count), count => count == 1, cancellationToken: Cancellation);

        File.WriteAllText(_folder.PathOf("modules.toml"), Entry("a") + Entry("b"));
        await Eventually.Becomes(_ => Task.FromResult(_applied.Count), count => count == 2, cancellationToken: Cancellation);
        Assert.Equal("a b", Served);
        await Eventually.Becomes(_ => Task.FromResult(progress.Silence), silence => silence < TimeSpan.FromSeconds(1), cancellationToken: Cancellation);

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    public void Dispose() => _folder.Dispose();
}
