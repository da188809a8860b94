using Wagi.TestCluster.Product;

namespace Wagi.EndToEnd.Harness;

/// <summary>Tests that share one <see cref="WholeSystem"/> and run one after the other; skipped where it cannot run.</summary>
[Collection(nameof(WholeSystemCollection))]
public abstract class WholeSystemTests
{
    protected WholeSystemTests(WholeSystemFixture fixture)
    {
        Assert.SkipWhen(WholeSystem.WhyMissing is not null, WholeSystem.WhyMissing ?? "");
        System = fixture.System!;
    }

    protected WholeSystem System { get; }

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;
}
