using Wagi.TestCluster.Product;

namespace Wagi.EndToEnd.Harness;

/// <summary>One <see cref="WholeSystem"/> for many tests.</summary>
public sealed class WholeSystemFixture : IAsyncLifetime
{
    /// <summary>The system; null on a machine that cannot run it.</summary>
    public WholeSystem? System { get; private set; }

    public async ValueTask InitializeAsync()
    {
        if (WholeSystem.WhyMissing is null)
        {
            System = await WholeSystem.StartAsync(TestContext.Current.CancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (System is not null)
        {
            await System.DisposeAsync();
        }
    }
}
