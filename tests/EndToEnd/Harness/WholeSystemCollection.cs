namespace Wagi.EndToEnd.Harness;

/// <summary>Names the tests that share one <see cref="WholeSystemFixture"/>.</summary>
[CollectionDefinition(nameof(WholeSystemCollection))]
public sealed class WholeSystemCollection : ICollectionFixture<WholeSystemFixture>;
