using Microsoft.Extensions.Logging.Abstractions;
using Wagi.Operator.Runtimes;
using Wagi.TestCluster;

namespace Wagi.Operator.Tests.Runtimes;

public sealed class RuntimePollerTests : IDisposable
{
    private static readonly RuntimePace Pace = new()
    {
        Hurried = TimeSpan.FromMilliseconds(10),
        Unsettled = TimeSpan.FromMilliseconds(50),
        Settled = TimeSpan.FromMinutes(10),
        Timeout = TimeSpan.FromMilliseconds(500),
    };

    private readonly RuntimePoller _poller = new(Pace, TimeProvider.System, NullLogger<RuntimePoller>.Instance);

    [Fact]
    public async Task EveryRuntime_HasAReport_AndOneThatHangsDelaysNoOther()
    {
        await using var fine = await FakeRuntime.StartAsync(_ => Task.FromResult<string?>(""));
        await using var hanging = await FakeRuntime.StartAsync(async token =>
        {
            await Task.Delay(Timeout.Infinite, token);
            return "";
        });
        _poller.Follow([RuntimeEndpoint.At(fine.Url), RuntimeEndpoint.At(hanging.Url), RuntimeEndpoint.At(new Uri("http://127.0.0.1:1"))]);
        Assert.All(_poller.Reports, report => Assert.Null(report.Status));

        await _poller.AskedAsync(TestContext.Current.CancellationToken);

        var reports = _poller.Reports.ToDictionary(report => new Uri(report.Name));
        Assert.NotNull(reports[fine.Url].Status);
        Assert.Contains("did not answer within 0.5 s", reports[hanging.Url].Error, StringComparison.Ordinal);
        Assert.Contains("cannot be reached", reports[new Uri("http://127.0.0.1:1")].Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SettledRuntimes_AreLeftAlone_UntilTheConfigurationChanges()
    {
        var toml = "";
        await using var runtime = await FakeRuntime.StartAsync(_ => Task.FromResult<string?>(Volatile.Read(ref toml)));
        _poller.Follow([RuntimeEndpoint.At(runtime.Url)]);
        await Eventually.Becomes(() => runtime.Asked, asked => asked > 5);

        _poller.Settle(true);
        // The pauses grow; the one that is long enough to be the long one shows that it asks no more.
        var asked = await Eventually.Becomes(StillAsync, still => still);
        Assert.True(asked);

        Volatile.Write(ref toml, "[[module]]\nid = \"a/b\"\nroute = \"/\"\nmodule = \"a.wasm\"\n");
        _poller.Hurry();
        await Eventually.Becomes(() => _poller.Reports.Single().Status?.Modules.Length, modules => modules == 1);

        async Task<bool> StillAsync(CancellationToken cancellationToken)
        {
            var before = runtime.Asked;
            await Task.Delay(Pace.Unsettled * 4, cancellationToken);
            return runtime.Asked == before;
        }
    }

    [Fact]
    public async Task RuntimeThatIsGone_IsForgotten()
    {
        await using var runtime = await FakeRuntime.StartAsync(_ => Task.FromResult<string?>(""));
        _poller.Follow([RuntimeEndpoint.At(runtime.Url)]);
        await _poller.AskedAsync(TestContext.Current.CancellationToken);
        _poller.Follow([]);
        Assert.Empty(_poller.Reports);
    }

    public void Dispose() => _poller.Dispose();
}
