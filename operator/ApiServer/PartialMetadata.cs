namespace Wagi.Operator.ApiServer;

/// <summary>The parts of <c>meta/v1 ObjectMeta</c> that every object has and that are used here.</summary>
internal sealed record PartialMetadata
{
    public required string Name { get; init; }

    public string Namespace { get; init; } = "";

    public string Uid { get; init; } = "";

    public string ResourceVersion { get; init; } = "";

    public DateTimeOffset? DeletionTimestamp { get; init; }
}
