using Wagi.TestCluster.Http;
using Wagi.TestCluster.Product;

namespace Wagi.EndToEnd.Faults;

/// <summary>
/// A <see cref="WholeSystem"/> without an operator of its own, with proxies that make trouble on the operator's way to the API server and on
/// everybody's way to the registry. Its API server keeps no events, so that it forgets what etcd does.
/// </summary>
public sealed class FaultsFixture : IAsyncLifetime
{
    /// <summary>The system; null on a machine that cannot run it.</summary>
    public WholeSystem? System { get; private set; }

    /// <summary>The way to the API server, for an operator that is started with <see cref="KubeconfigPath"/>.</summary>
    public FaultyProxy ApiServer { get; private set; } = null!;

    /// <summary>Leads over <see cref="ApiServer"/>.</summary>
    public string KubeconfigPath { get; private set; } = "";

    /// <summary>The way to the registry: modules name this address.</summary>
    public FaultyProxy Registry { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        if (WholeSystem.WhyMissing is null)
        {
            System = await WholeSystem.StartAsync(TestContext.Current.CancellationToken, "--watch-cache=false");
            await System.KillOperatorAsync();
            (ApiServer, KubeconfigPath) = await System.ControlPlane.StartProxyAsync();
            Registry = await FaultyProxy.StartAsync(System.Registry.Url);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (System is not null)
        {
            await ApiServer.DisposeAsync();
            await Registry.DisposeAsync();
            await System.DisposeAsync();
        }
    }
}

/// <summary>Names the tests that share one <see cref="FaultsFixture"/>.</summary>
[CollectionDefinition(nameof(FaultsCollection))]
public sealed class FaultsCollection : ICollectionFixture<FaultsFixture>;
