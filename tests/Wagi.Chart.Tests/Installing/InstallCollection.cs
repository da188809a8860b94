namespace Wagi.Chart.Tests.Installing;

/// <summary>Tests that install: one after the other, for they list all objects of the cluster, and share the CRD.</summary>
[CollectionDefinition(Name)]
public sealed class InstallCollection
{
    public const string Name = "install";
}
