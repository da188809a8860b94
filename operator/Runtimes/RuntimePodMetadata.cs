using System.Diagnostics.CodeAnalysis;
using Wagi.Operator.ApiServer;

namespace Wagi.Operator.Runtimes;

/// <summary>The parts of a runtime pod's metadata that are used here. A pod may have neither labels nor annotations.</summary>
internal sealed record RuntimePodMetadata : PartialMetadata
{
    [AllowNull]
    public Dictionary<string, string?> Annotations { get => field ?? []; init; }
}
