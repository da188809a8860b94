using System.Text.Json.Nodes;
using Wagi.Kubernetes.Resources;

namespace Wagi.Operator.Tests.Cluster;

/// <summary>WagiClasses as the chart makes them.</summary>
internal static class TestClasses
{
    /// <summary>The manifest of a class.</summary>
    /// <param name="name">Its name, which no other test has.</param>
    /// <param name="system">The namespace of its operator.</param>
    /// <param name="rules">The rest of its spec, as JSON.</param>
    /// <param name="isDefault">Whether it is the default one.</param>
    public static JsonObject Manifest(string name, string system, string rules, bool isDefault = false)
    {
        var spec = JsonNode.Parse(rules)!.AsObject();
        if (spec["runtimes"] is not JsonObject runtimes)
        {
            spec["runtimes"] = runtimes = [];
        }

        runtimes["namespace"] = system;
        return new JsonObject
        {
            ["apiVersion"] = WagiModule.GroupVersion,
            ["kind"] = WagiClass.KindName,
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["annotations"] = new JsonObject { [WagiClass.DefaultAnnotation] = isDefault ? "true" : "false" },
            },
            ["spec"] = spec,
        };
    }
}
