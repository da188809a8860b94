namespace Wagi.Operator.Runtimes;

/// <summary>The parts of a runtime pod's metadata that are used here.</summary>
internal sealed record RuntimePodMetadata
{
    public required string Name { get; init; }

    public string Namespace { get; init; } = "";

    public string ResourceVersion { get; init; } = "";

    public DateTimeOffset? DeletionTimestamp { get; init; }

    public Dictionary<string, string> Annotations { get; init; } = [];
}
