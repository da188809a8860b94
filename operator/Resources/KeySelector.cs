using System.ComponentModel;
using Wagi.Operator.Crds;

namespace Wagi.Operator.Resources;

/// <summary>One key of a Secret or ConfigMap in the WagiModule's own namespace.</summary>
public sealed record KeySelector
{
    [Description("Name of the Secret or ConfigMap. Example: api")]
    [Schema(Required = true, MinLength = 1, MaxLength = SpecLimits.ObjectNameLength)]
    public string? Name { get; init; }

    [Description("The key in it. Example: token")]
    [Schema(Required = true, MinLength = 1, MaxLength = SpecLimits.KeyLength, Pattern = SpecPatterns.Key)]
    public string? Key { get; init; }

    [Description("Whether the module is served without this variable when the object or the key does not exist. Default: false. Example: true")]
    public bool? Optional { get; init; }
}
