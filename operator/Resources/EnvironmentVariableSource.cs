using System.ComponentModel;
using Wagi.Operator.Crds;

namespace Wagi.Operator.Resources;

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
