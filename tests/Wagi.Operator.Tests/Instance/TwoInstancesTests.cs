using System.Diagnostics;
using Wagi.Kubernetes.ApiServer;
using Wagi.Operator.LeaderElection;
using Wagi.Operator.Tests.Cluster;
using Wagi.TestCluster;
using Wagi.TestCluster.Processes;
using Wagi.TestCluster.Product;

namespace Wagi.Operator.Tests.Instance;

public sealed class TwoInstancesTests(ClusterFixture cluster)
{
    private const string Digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    [Fact]
    public async Task Standby_TakesOver_WhenTheLeaderStops()
    {
        await using var first = await TestOperator.StartAsync(cluster, options => options with { LeaderElection = Election(options.Namespace, "first") });
        await first.ApplyModuleAsync("hello", $$"""{ route: "/hello", module: "127.0.0.1:5000/samples/hello@{{Digest}}" }""");
        await first.ConditionBecomesAsync("hello", "Programmed", "True/");

        await using var second = await first.BesideAsync(first.Options with { LeaderElection = Election(first.System, "second") });
        await Eventually.Becomes(token => second.HttpAsync("/healthz/ready", token), answer => answer == "ok\n");
        var lease = await second.FindAsync(ApiResource.Leases, new ObjectKey(second.System, "wagi-operator"));
        Assert.Equal("first", (string?)lease!["spec"]!["holderIdentity"]);

        await first.StopAsync();
        await second.ApplyModuleAsync("next", $$"""{ route: "/next", module: "127.0.0.1:5000/samples/hello@{{Digest}}" }""");

        await second.ConditionBecomesAsync("next", "Programmed", "True/");
        Assert.Contains("/hello", await second.TomlAsync(), StringComparison.Ordinal);
    }

    /// <summary>SIGTERM: the Lease is given back, so the standby needs no more than its next look.</summary>
    [Fact]
    public async Task Standby_TakesOverWithinSeconds_WhenTheLeadersProcessIsTerminated()
    {
        await using var standby = await TestOperator.CreateAsync(await cluster.ControlPlaneAsync());
        await using var leader = await StartLeaderAsync(standby);

        var asked = Stopwatch.GetTimestamp();
        Assert.Equal(0, await leader.TerminateAsync(TestContext.Current.CancellationToken));

        await TakesOverAsync(standby, asked, TimeSpan.FromSeconds(3.5));
    }

    /// <summary>SIGKILL: the Lease has to run out.</summary>
    [Fact]
    public async Task Standby_TakesOverWithinFifteenSeconds_WhenTheLeadersProcessIsKilled()
    {
        await using var standby = await TestOperator.CreateAsync(await cluster.ControlPlaneAsync());
        await using var leader = await StartLeaderAsync(standby);

        var killed = Stopwatch.GetTimestamp();
        (await Command.RunAsync("kill", ["-KILL", $"{leader.Id}"])).EnsureSuccess();

        await TakesOverAsync(standby, killed, TimeSpan.FromSeconds(15));
    }

    /// <summary>A leader in a process of its own, and a standby beside it, with the times that both have in a cluster.</summary>
    private static async Task<ProductProcess> StartLeaderAsync(TestOperator standby)
    {
        var leader = ProductProcess.Start(
            Path.Combine(AppContext.BaseDirectory, "wagi-operator"),
            "run", "--kubeconfig", standby.KubeconfigPath, "--namespace", standby.System, "--watch-namespace", standby.Tenant,
            "--leader-elect", "true", "--health", "127.0.0.1:0");
        await standby.ApplyModuleAsync("hello", $$"""{ route: "/hello", module: "127.0.0.1:5000/samples/hello@{{Digest}}" }""");
        await standby.ConditionBecomesAsync("hello", "Programmed", "True/");
        standby.Options = standby.Options with { LeaderElection = Election(standby.System, "standby") with { RetryPeriod = TimeSpan.FromSeconds(2) } };
        await standby.StartAgainAsync();
        await Eventually.Becomes(token => standby.HttpAsync("/healthz/ready", token), answer => answer == "ok\n");
        Assert.NotEqual("standby", await HolderAsync(standby, TestContext.Current.CancellationToken));
        return leader;
    }

    private static async Task TakesOverAsync(TestOperator standby, long since, TimeSpan within)
    {
        await Eventually.Becomes(token => HolderAsync(standby, token), holder => holder == "standby", within - Stopwatch.GetElapsedTime(since), waitingFor: "the standby to hold the lease");
        await standby.ApplyModuleAsync("next", $$"""{ route: "/next", module: "127.0.0.1:5000/samples/hello@{{Digest}}" }""");
        await standby.ConditionBecomesAsync("next", "Programmed", "True/");
    }

    private static async Task<string?> HolderAsync(TestOperator test, CancellationToken cancellationToken) =>
        (string?)(await test.FindAsync(ApiResource.Leases, new ObjectKey(test.System, "wagi-operator"), cancellationToken))!["spec"]!["holderIdentity"];

    private static LeaderElectionOptions Election(string @namespace, string identity) => new()
    {
        Lease = new ObjectKey(@namespace, "wagi-operator"),
        Identity = identity,
        RetryPeriod = TimeSpan.FromMilliseconds(200),
    };
}
