using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Wagi.Kubernetes.Yaml;
using Wagi.Operator.Instance;

namespace Wagi.Operator.Rbac;

/// <summary>Writes <see cref="RbacRules"/> as manifests.</summary>
internal static class RbacGenerator
{
    /// <summary>The name of the generated file.</summary>
    public const string FileName = "role.yaml";

    private const string Name = "wagi-operator";
    private const string Header = "# Generated from operator/Rbac by `make crds`; do not edit.\n";

    /// <summary>
    /// The ClusterRole for the namespaces of the WagiModules, to be bound in all or in some of them, the ClusterRole for classes, and the Role for the
    /// operator's own namespace.
    /// </summary>
    public static string Text()
    {
        var defaults = new OperatorOptions { Namespace = "" };
        return Header
            + YamlWriter.Write(Role("ClusterRole", Name, RbacRules.Tenants)) + "---\n"
            + YamlWriter.Write(Role("ClusterRole", Name + "-classes", RbacRules.Classes)) + "---\n"
            + YamlWriter.Write(Role("Role", Name, RbacRules.Own(defaults.ConfigMap, defaults.Secret)));
    }

    private static JsonObject Role(string kind, string name, ImmutableArray<RbacRule> rules) => new()
    {
        ["apiVersion"] = "rbac.authorization.k8s.io/v1",
        ["kind"] = kind,
        ["metadata"] = new JsonObject { ["name"] = name },
        ["rules"] = new JsonArray([.. rules.Select(rule => rule.ToJson())]),
    };
}
