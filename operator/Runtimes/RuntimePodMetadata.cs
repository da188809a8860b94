using System.Diagnostics.CodeAnalysis;

namespace Wagi.Operator.Runtimes;

/// <summary>The parts of a runtime pod's metadata that are used here. A pod may have neither labels nor annotations.</summary>
internal sealed record RuntimePodMetadata
{
    public required string Name { get; init; }

    [AllowNull]
    public string Namespace { get => field ?? ""; init; }

    [AllowNull]
    public string ResourceVersion { get => field ?? ""; init; }

    public DateTimeOffset? DeletionTimestamp { get; init; }

    [AllowNull]
    public Dictionary<string, string?> Annotations { get => field ?? []; init; }
}
