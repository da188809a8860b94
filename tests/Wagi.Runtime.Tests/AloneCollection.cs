namespace Wagi.Runtime.Tests;

/// <summary>Tests that measure this process: no other test runs meanwhile.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "alone";
}
