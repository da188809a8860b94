using System.ComponentModel;
using Wagi.Operator.Crds;

namespace Wagi.Operator.Resources;

/// <summary>One environment variable of a module.</summary>
[Rule("has(self.value) != has(self.valueFrom)", "give exactly one of value and valueFrom")]
public sealed record EnvironmentVariable
{
    [Description("Name of the variable: letters, digits and _, not starting with a digit, and not a CGI meta-variable such as " +
        "QUERY_STRING or HTTP_HOST. Example: GREETING")]
    [Schema(Required = true, MinLength = 1, MaxLength = SpecLimits.EnvironmentNameLength, Pattern = SpecPatterns.EnvironmentName)]
    [Rule(MetaVariableRule.Expression, MetaVariableRule.Message)]
    public string? Name { get; init; }

    [Description("The value. Example: Hello")]
    [Schema(MaxLength = SpecLimits.EnvironmentValueLength)]
    public string? Value { get; init; }

    [Description("Where the value comes from, instead of value. Example: {secretKeyRef: {name: api, key: token}}")]
    public EnvironmentVariableSource? ValueFrom { get; init; }
}
