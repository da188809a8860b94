namespace Wagi.EndToEnd.Harness;

/// <summary>Tests that share one <see cref="WholeSystem"/> and run one after the other.</summary>
[Collection(nameof(WholeSystemCollection))]
public abstract class WholeSystemTests(WholeSystem system)
{
    internal WholeSystem System { get; } = WholeSystem.WhyMissing is null ? system : Skip();

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static WholeSystem Skip()
    {
        Assert.Skip(WholeSystem.WhyMissing!);
        return null!;
    }
}

[CollectionDefinition(nameof(WholeSystemCollection))]
public sealed class WholeSystemCollection : ICollectionFixture<WholeSystem>;
