using Wagi.Operator.ApiServer;
using Wagi.Operator.LeaderElection;
using Wagi.Operator.Tests.Cluster;
using Wagi.TestCluster;

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

    private static LeaderElectionOptions Election(string @namespace, string identity) => new()
    {
        Lease = new ObjectKey(@namespace, "wagi-operator"),
        Identity = identity,
        RetryPeriod = TimeSpan.FromMilliseconds(200),
    };
}
