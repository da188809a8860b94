using System.Diagnostics.CodeAnalysis;

namespace Wagi.Operator.ApiServer;

/// <summary>
/// The parts of <c>meta/v1 ObjectMeta</c> that every object has and that are used here. Defaults stand in the getters: an initializer is lost
/// when the generated JSON reader fills an <c>init</c> property whose member is missing.
/// </summary>
internal record PartialMetadata
{
    public required string Name { get; init; }

    [AllowNull]
    public string Namespace { get => field ?? ""; init; }

    [AllowNull]
    public string Uid { get => field ?? ""; init; }

    [AllowNull]
    public string ResourceVersion { get => field ?? ""; init; }

    public DateTimeOffset? DeletionTimestamp { get; init; }
}
