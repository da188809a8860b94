using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Wagi.TestCluster.Http;

namespace Wagi.EndToEnd.Faults;

/// <summary>An API server that dies or forgets, a connection to it that breaks, and more changes than anybody needs.</summary>
public sealed class ApiServerFaultsTests(FaultsFixture fixture) : FaultTests(fixture)
{
    private static bool IsWatch(HttpRequest request) => request.Query.ContainsKey("watch");

    private static bool IsWatchOfModules(HttpRequest request) => IsWatch(request) && request.Path.Value!.EndsWith("/wagimodules", StringComparison.Ordinal);

    [Fact]
    public async Task ApiServerThatIsKilled_ComesBack()
    {
        StartOperator();
        await ServeAsync();

        await System.ControlPlane.RestartApiServerAsync(Cancellation);
        await ChangeAsync();

        await EndsAsCleanRunAsync();
    }

    /// <summary>The operator sees neither the change nor the revisions before it: where it goes on watching, there is nothing any more (410 Gone).</summary>
    [Fact]
    public async Task EtcdThatIsCompacted_WhileTheOperatorIsCutOff_HidesNoChange()
    {
        var running = StartOperator(overProxy: true, ["--log-level", "debug"]);
        await ServeAsync();
        ApiServer.Instead = context =>
        {
            context.Abort();
            return Task.FromResult(true);
        };
        ApiServer.Break(_ => true);

        await ChangeAsync();
        await System.ControlPlane.CompactAsync(Cancellation);
        ApiServer.Heal();

        await EndsAsCleanRunAsync();
        Assert.Contains("Watch of wagimodules.wagi.dev at", running.Log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(FaultyProxy.Cut.Broken)]
    [InlineData(FaultyProxy.Cut.Ended)]
    public async Task WatchThatIsCut_InTheMiddleOfAnEvent_LosesNone(FaultyProxy.Cut cut)
    {
        StartOperator(overProxy: true);
        await ServeAsync();
        var cuts = 0;
        ApiServer.CutsPiece = request => IsWatchOfModules(request) && Interlocked.Increment(ref cuts) <= 2 ? cut : FaultyProxy.Cut.None;

        await ChangeAsync();

        await EndsAsCleanRunAsync();
        Assert.True(cuts >= 2, $"{cuts} cuts");
    }

    /// <summary>
    /// One tenant's modules change a hundred times a second for ten seconds. There are as many as clients that edit: on one module they would
    /// only hold each other up. Changes in a row share their writes, ten a second at the most.
    /// </summary>
    [Fact]
    public async Task HundredEditsASecond_AreFollowed_InFewWrites()
    {
        const int Edits = 1000;
        const int Clients = 8;
        var running = StartOperator();
        await ServeAsync();
        for (var i = 0; i < Clients; i++)
        {
            await System.ApplyModuleAsync(Tenant, Name(i), $"route: /{Tenant}/{Name(i)}", $"module: oci://{Registry.Address}/{Tenant}/hello:v1");
        }

        await System.WaitAsync(Tenant, Name(Clients - 1), "Ready");
        var before = running.Log.Split("Wrote ConfigMap").Length;
        var begun = Stopwatch.GetTimestamp();
        await Parallel.ForAsync(0, Edits, new ParallelOptions { MaxDegreeOfParallelism = Clients, CancellationToken = Cancellation }, async (i, token) =>
        {
            var early = TimeSpan.FromMilliseconds(10 * i) - Stopwatch.GetElapsedTime(begun);
            await Task.Delay(early > TimeSpan.Zero ? early : TimeSpan.Zero, token);
            await System.ControlPlane.MergeAsync(
                $"/apis/wagi.dev/v1alpha1/namespaces/{Tenant}/wagimodules/{Name(i)}", $$$"""{"spec":{"env":[{"name":"EDIT","value":"{{{i}}}"}]}}""", token);
        });
        var rate = Edits / Stopwatch.GetElapsedTime(begun).TotalSeconds;
        await ChangeAsync();

        await EndsAsCleanRunAsync();
        var writes = running.Log.Split("Wrote ConfigMap").Length - before;
        Assert.InRange(writes, 3, 20 + (10 * Stopwatch.GetElapsedTime(begun).TotalSeconds));
        Assert.SkipUnless(rate > 80, $"{Edits} edits were made at {rate:0} a second, so that nothing is known of a hundred: the API server is too slow here");

        static string Name(int i) => string.Create(CultureInfo.InvariantCulture, $"edited-{i % Clients}");
    }
}
