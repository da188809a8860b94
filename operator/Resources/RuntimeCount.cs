using System.ComponentModel;
using System.Globalization;
using Wagi.Operator.Crds;

namespace Wagi.Operator.Resources;

/// <summary>How many runtimes serve a module as specified.</summary>
public sealed record RuntimeCount
{
    [Description("Runtimes that serve the module as specified. Example: 3")]
    [Schema(Required = true, Minimum = 0)]
    public int Ready { get; init; }

    [Description("Runtimes that requests are sent to; while there are none of those, all. Example: 3")]
    [Schema(Required = true, Minimum = 0)]
    public int Total { get; init; }

    [Description("Both numbers for the column of kubectl get. Example: 3/3")]
    public string Summary => string.Create(CultureInfo.InvariantCulture, $"{Ready}/{Total}");
}
