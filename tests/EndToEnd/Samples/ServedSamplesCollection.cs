namespace Wagi.EndToEnd.Samples;

/// <summary>Names the tests that share one <see cref="ServedSamples"/>.</summary>
[CollectionDefinition(nameof(ServedSamplesCollection))]
public sealed class ServedSamplesCollection : ICollectionFixture<ServedSamples>;
