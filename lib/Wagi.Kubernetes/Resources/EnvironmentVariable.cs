using System.ComponentModel;

namespace Wagi.Kubernetes.Resources;

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

/// <summary>Where the value of an environment variable comes from.</summary>
[Rule("has(self.secretKeyRef) != has(self.configMapKeyRef)", "give exactly one of secretKeyRef and configMapKeyRef")]
public sealed record EnvironmentVariableSource
{
    [Description("A key of a Secret of this namespace. The value reaches the runtime through a Secret, never through a ConfigMap. " +
        "Example: {name: api, key: token}")]
    public KeySelector? SecretKeyRef { get; init; }

    [Description("A key of a ConfigMap of this namespace. Example: {name: settings, key: greeting}")]
    public KeySelector? ConfigMapKeyRef { get; init; }
}

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
