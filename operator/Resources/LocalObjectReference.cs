using System.ComponentModel;
using Wagi.Operator.Crds;

namespace Wagi.Operator.Resources;

/// <summary>Names an object in the WagiModule's own namespace.</summary>
public sealed record LocalObjectReference
{
    [Description("Name of the object. Example: registry-credentials")]
    [Schema(Required = true, MinLength = 1, MaxLength = SpecLimits.ObjectNameLength)]
    public string? Name { get; init; }
}
