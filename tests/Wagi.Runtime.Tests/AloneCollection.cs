namespace Wagi.Runtime.Tests;

/// <summary>
/// Tests that measure this process, or read <c>/metrics</c> of a server in it: no other test runs meanwhile. OpenTelemetry takes meters of one name for
/// one, and drops what it has of all when one of them goes.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "alone";
}
