namespace Wagi.Node.Tests.Cluster;

/// <summary>All tests of this project: one after the other, for they share what is installed.</summary>
[CollectionDefinition(Name)]
public sealed class NodeCollection
{
    public const string Name = "node";
}
