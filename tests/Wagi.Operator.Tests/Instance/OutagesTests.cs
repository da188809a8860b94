using Wagi.Kubernetes.ApiServer;
using Wagi.Operator.Informers;
using Wagi.Operator.Instance;
using Wagi.Operator.Tests.Cluster;
using Wagi.Operator.Tests.Informers;
using Wagi.TestCluster;
using Wagi.TestCluster.Kubernetes;

namespace Wagi.Operator.Tests.Instance;

/// <summary>An API server that is away, comes back, or has forgotten; it belongs to the test alone.</summary>
public sealed class OutagesTests
{
    private const string Digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    private static string ByDigest(string route) => $$"""{ route: "{{route}}", module: "127.0.0.1:5000/samples/hello@{{Digest}}" }""";

    [Fact]
    public async Task ApiServerThatComesBack_IsFollowedAgain()
    {
        await using var controlPlane = await StartAsync();
        await controlPlane.ApplyCrdsAsync(ClusterFixture.Crds);
        await using var test = await TestOperator.StartAsync(controlPlane);
        await test.ApplyModuleAsync("before", ByDigest("/before"));
        await test.ConditionBecomesAsync("before", "Programmed", "True/");

        await controlPlane.RestartApiServerAsync();
        await test.ApplyModuleAsync("after", ByDigest("/after"));

        await test.ConditionBecomesAsync("after", "Programmed", "True/");
        var toml = await test.TomlAsync();
        Assert.Contains("/before", toml, StringComparison.Ordinal);
        Assert.Contains("/after", toml, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ServerThatHasForgotten_SaysSo_SoThatTheInformerListsAgain()
    {
        await using var controlPlane = await StartAsync();
        using var client = new ApiServerClient(OperatorApplication.FieldManager, Kubeconfig.Load(controlPlane.KubeconfigPath, null));
        var source = ListWatchTests.ConfigMaps(client, "default");
        var before = await source.ListAsync(TestContext.Current.CancellationToken);
        await controlPlane.KubectlAsync("create", "configmap", "one", "-n", "default");
        await controlPlane.KubectlAsync("create", "configmap", "two", "-n", "default");

        // Its memory of events goes with the process.
        await controlPlane.RestartApiServerAsync(TestContext.Current.CancellationToken);

        var error = await Assert.ThrowsAsync<ApiServerException>(async () =>
        {
            await foreach (var change in source.WatchAsync(before.ResourceVersion, TestContext.Current.CancellationToken))
            {
                Assert.Equal(WatchEventType.Bookmark, change.Type);
            }
        });
        Assert.True(error.IsExpired, error.Message);
    }

    [Fact]
    public async Task MissingCrd_IsWaitedFor_AndNamed()
    {
        await using var controlPlane = await StartAsync();
        await using var test = await TestOperator.StartAsync(controlPlane);
        await Eventually.Becomes(
            token => test.HttpAsync("/healthz/ready", token),
            answer => answer.Contains("kubectl apply -f crds/", StringComparison.Ordinal));
        Assert.Null(await test.TomlAsync());

        await controlPlane.ApplyCrdsAsync(ClusterFixture.Crds);
        await Eventually.Becomes(token => test.HttpAsync("/healthz/ready", token), answer => answer == "ok\n");
        await test.ApplyModuleAsync("hello", ByDigest("/hello"));
        await test.ConditionBecomesAsync("hello", "Programmed", "True/");
    }

    private static async Task<ControlPlane> StartAsync()
    {
        Assert.SkipWhen(TestTools.WhyMissing(ControlPlane.Programs) is not null, TestTools.WhyMissing(ControlPlane.Programs) ?? "");
        return await ControlPlane.StartAsync();
    }
}
