using Wagi.Kubernetes.ApiServer;
using Wagi.Operator.Informers;
using Wagi.Operator.Instance;
using Wagi.Operator.Tests.Cluster;

namespace Wagi.Operator.Tests.Informers;

/// <summary>Lists and watches of a real API server.</summary>
public sealed class ListWatchTests(ClusterFixture cluster)
{
    [Fact]
    public async Task List_IsReadPageByPage_AndHoldsMetadataOnly()
    {
        await using var test = await TestOperator.CreateAsync(await cluster.ControlPlaneAsync());
        for (var i = 0; i < 5; i++)
        {
            await test.KubectlAsync("create", "configmap", $"c{i}", "-n", test.Tenant, "--from-literal=key=value");
        }

        using var client = await ClientAsync();

        var list = await ConfigMaps(client, test.Tenant).ListAsync(TestContext.Current.CancellationToken);

        // A newer server adds kube-root-ca.crt.
        Assert.Equal(["c0", "c1", "c2", "c3", "c4"], list.Items.Select(item => item.Metadata.Name).Where(name => name.Length == 2));
        Assert.NotEmpty(list.ResourceVersion);
    }

    [Fact]
    public async Task Watch_TellsWhatHappens_AndEndsByItself()
    {
        await using var test = await TestOperator.CreateAsync(await cluster.ControlPlaneAsync());
        using var client = await ClientAsync();
        var source = ConfigMaps(client, test.Tenant);
        var list = await source.ListAsync(TestContext.Current.CancellationToken);
        await test.KubectlAsync("create", "configmap", "mine", "-n", test.Tenant);
        await test.KubectlAsync("delete", "configmap", "mine", "-n", test.Tenant);

        var events = new List<string>();
        await foreach (var change in source.WatchAsync(list.ResourceVersion, TestContext.Current.CancellationToken))
        {
            if (change.Object?.Metadata.Name == "mine")
            {
                events.Add($"{change.Type} {change.Object.Metadata.Name}");
            }
        }

        Assert.Equal(["Stored mine", "Deleted mine"], events);
    }

    internal static ListWatch<PartialObject> ConfigMaps(ApiServerClient client, string @namespace) =>
        new(client, ApiResource.ConfigMaps, ApiServerJsonContext.Default.PartialObject, item => item.Identity, TimeProvider.System)
        {
            Namespace = @namespace,
            MetadataOnly = true,
            PageSize = 2,
            WatchTimeout = TimeSpan.FromSeconds(1),
        };

    private async Task<ApiServerClient> ClientAsync() => new(OperatorApplication.FieldManager, Kubeconfig.Load((await cluster.ControlPlaneAsync()).KubeconfigPath, null));
}
