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
        Follow(fine.Url, hanging.Url, new Uri("http://127.0.0.1:1"));
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
        Follow(runtime.Url);
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
        Follow(runtime.Url);
        await _poller.AskedAsync(TestContext.Current.CancellationToken);
        Follow();
        Assert.Empty(_poller.Reports);
    }

    [Fact]
    public async Task RuntimeCounts_FromItsFirstAnswerAfterItBecameReady()
    {
        await using var runtime = await FakeRuntime.StartAsync(_ => Task.FromResult<string?>(""));
        Follow(isReady: false, runtime.Url);
        await Eventually.Becomes(() => _poller.Reports.Single().Status, status => status is not null);
        Assert.True(_poller.Reports.Single().IsStarting);

        runtime.IsBroken = true;
        Follow(isReady: true, runtime.Url);
        Assert.True(_poller.Reports.Single().IsStarting);
        runtime.IsBroken = false;
        await Eventually.Becomes(() => _poller.Reports.Single(), report => report is { IsStarting: false, Status: not null });

        Follow(isReady: false, runtime.Url);
        Assert.True(_poller.Reports.Single().IsStarting);
    }

    [Fact]
    public async Task RuntimeThatIsReadyAndNeverAnswers_CountsInTheEnd()
    {
        Follow(isReady: true, new Uri("http://127.0.0.1:1"));

        await Eventually.Becomes(() => _poller.Reports.Single(), report => !report.IsStarting);

        Assert.Contains("cannot be reached", _poller.Reports.Single().Error, StringComparison.Ordinal);
    }

    public void Dispose() => _poller.Dispose();

    private void Follow(params Uri[] runtimes) => Follow(isReady: true, runtimes);

    private void Follow(bool isReady, params Uri[] runtimes) => _poller.Follow(runtimes.ToDictionary(RuntimeEndpoint.At, _ => isReady));
}
