using Wagi.TestCluster.Product;

namespace Wagi.EndToEnd.Skew;

/// <summary>A <see cref="WholeSystem"/> without an operator of its own. Tests bring operators and runtimes of two versions.</summary>
public sealed class SkewFixture : IAsyncLifetime
{
    /// <summary>The system; null on a machine that cannot run it.</summary>
    public WholeSystem? System { get; private set; }

    /// <summary>Why this machine cannot run these tests; null when it can.</summary>
    public string? WhyMissing { get; private set; }

    public async ValueTask InitializeAsync()
    {
        var cancellation = TestContext.Current.CancellationToken;
        WhyMissing = WholeSystem.WhyMissing ?? await Release.WhyNoPreviousAsync(cancellation);
        if (WhyMissing is null)
        {
            System = await WholeSystem.StartAsync(cancellation);
            await System.KillOperatorAsync();
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

/// <summary>Names the tests that share one <see cref="SkewFixture"/>.</summary>
[CollectionDefinition(nameof(SkewCollection))]
public sealed class SkewCollection : ICollectionFixture<SkewFixture>;
