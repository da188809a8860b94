using Microsoft.Extensions.Logging.Abstractions;
using Wagi.Hosting.Supervision;
using Wagi.Operator.Planning;
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
    public async Task ProbeThatDies_EndsThePoller_WithTheRuntimesName()
    {
        await using var runtime = await FakeRuntime.StartAsync(_ => Task.FromResult<string?>(""));
        var work = _poller.RunAsync(new LoopProgress(TimeProvider.System), TestContext.Current.CancellationToken);
        _poller.Changed += () => throw new ArithmeticException("a mistake");

        Follow(runtime.Url);

        var ended = await Assert.ThrowsAsync<InvalidOperationException>(() => work.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.Contains(runtime.Url.Authority, ended.Message, StringComparison.Ordinal);
        Assert.Contains("a mistake", ended.Message, StringComparison.Ordinal);
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
    public async Task NewRuntime_CountsFromItsFirstAnswerAfterItBecameReady()
    {
        await using var runtime = await FakeRuntime.StartAsync(_ => Task.FromResult<string?>(""));
        Follow(isReady: false, runtime.Url);
        await Eventually.Becomes(() => Report, report => report is { Status: not null, TakesRequests: false });

        runtime.IsBroken = true;
        var asked = runtime.Asked;
        await Eventually.Becomes(() => runtime.Asked, now => now > asked + 1);
        Follow(isReady: true, runtime.Url);
        Assert.False(Report.TakesRequests);
        runtime.IsBroken = false;
        await Eventually.Becomes(() => Report, report => report is { TakesRequests: true, Status: not null });

        Follow(isReady: false, runtime.Url);
        Assert.False(Report.TakesRequests);
    }

    [Fact]
    public async Task NewRuntimeThatBecameReadyAndNeverAnswers_CountsInTheEnd()
    {
        var nobody = new Uri("http://127.0.0.1:1");
        Follow(isReady: false, nobody);
        await _poller.AskedAsync(TestContext.Current.CancellationToken);
        Assert.True(Report is { TakesRequests: false, IsStarting: true });

        Follow(isReady: true, nobody);
        Assert.False(Report.TakesRequests);

        await Eventually.Becomes(() => Report, report => report is { TakesRequests: true, IsStarting: false });
    }

    /// <summary>After the operator's own start there is nothing to be patient with: the runtime is an old one.</summary>
    [Fact]
    public async Task RuntimeThatIsReadyAlready_CountsFromTheFirstQuestion()
    {
        Follow(new Uri("http://127.0.0.1:1"));

        await _poller.AskedAsync(TestContext.Current.CancellationToken);

        Assert.True(Report is { TakesRequests: true, IsStarting: false, Status: null }, $"{Report}");
    }

    [Fact]
    public async Task RuntimeThatIsNoLongerReady_IsNotStarting()
    {
        Follow(new Uri("http://127.0.0.1:1"));
        await _poller.AskedAsync(TestContext.Current.CancellationToken);

        Follow(isReady: false, new Uri("http://127.0.0.1:1"));

        Assert.True(Report is { TakesRequests: false, IsStarting: false });
    }

    [Fact]
    public async Task RuntimeThatNeverBecomesReady_IsNotStartingForever()
    {
        using var poller = new RuntimePoller(Pace with { Startup = TimeSpan.FromMilliseconds(100) }, TimeProvider.System, NullLogger<RuntimePoller>.Instance);
        poller.Follow(new Dictionary<RuntimeEndpoint, bool> { [RuntimeEndpoint.At(new Uri("http://127.0.0.1:1"))] = false });

        await Eventually.Becomes(() => poller.Reports.Single(), report => report is { TakesRequests: false, IsStarting: false });
    }

    public void Dispose() => _poller.Dispose();

    private RuntimeReport Report => _poller.Reports.Single();

    private void Follow(params Uri[] runtimes) => Follow(isReady: true, runtimes);

    private void Follow(bool isReady, params Uri[] runtimes) => _poller.Follow(runtimes.ToDictionary(RuntimeEndpoint.At, _ => isReady));
}
