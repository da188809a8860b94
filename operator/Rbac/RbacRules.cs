using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Wagi.Kubernetes.ApiServer;
using Wagi.Kubernetes.Resources;
using Wagi.Operator.Instance;

namespace Wagi.Operator.Rbac;

/// <summary>
/// What the operator must be allowed to do, and no more. A test runs it as a user with exactly these rights.
/// </summary>
internal static class RbacRules
{
    private const string Get = "get";
    private const string List = "list";
    private const string Watch = "watch";
    private const string Create = "create";
    private const string Patch = "patch";

    /// <summary>
    /// In every namespace whose WagiModules are served. Secrets and ConfigMaps are read where WagiModules name them; nothing there is
    /// written but the status and events.
    /// </summary>
    public static ImmutableArray<RbacRule> Tenants { get; } =
    [
        new(WagiModules.Resource, List, Watch),
        new(WagiModules.Resource, Patch) { Subresource = "status" },
        new(ApiResource.ConfigMaps, Get, List, Watch),
        new(ApiResource.Secrets, Get, List, Watch),
        new(ApiResource.Events, Get, Create, Patch),
    ];

    /// <summary>In the cluster, for an operator with a class: which classes and namespaces there are, and its own class.</summary>
    public static ImmutableArray<RbacRule> Classes { get; } =
    [
        // Server-side apply is a patch, and creates what does not exist if that is allowed too.
        new(WagiClasses.Resource, List, Watch, Create, Patch),
        new(WagiClasses.Resource, Patch) { Subresource = "status" },
        new(ApiResource.Namespaces, List, Watch),
    ];

    /// <summary>In the operator's own namespace.</summary>
    /// <param name="configMap">Name of the generated ConfigMap.</param>
    /// <param name="secret">Name of the generated Secret.</param>
    public static ImmutableArray<RbacRule> Own(string configMap, string secret) =>
    [
        // Server-side apply is a patch, and creates what does not exist if that is allowed too.
        new(ApiResource.ConfigMaps, Get, List, Watch, Create, Patch) { Name = configMap },
        new(ApiResource.Secrets, Get, List, Watch, Create, Patch) { Name = secret },
        new(ApiResource.Pods, List, Watch, Patch),
        new(ApiResource.Leases, Create),
        new(ApiResource.Leases, Get, Patch) { Name = OperatorInstance.LeaseName },
    ];
}

/// <summary>One rule of a role (<c>rbac.authorization.k8s.io/v1 PolicyRule</c>).</summary>
/// <param name="Resource">What may be used.</param>
/// <param name="Verbs">How.</param>
internal sealed record RbacRule(ApiResource Resource, params ImmutableArray<string> Verbs)
{
    /// <summary>Part of the resource: <c>status</c>; null: the resource itself.</summary>
    public string? Subresource { get; init; }

    /// <summary>The one object that the rule is about; null: all. A list or watch is allowed if its field selector names the object.</summary>
    public string? Name { get; init; }

    /// <summary>The rule as it stands in a manifest.</summary>
    public JsonObject ToJson()
    {
        var rule = new JsonObject
        {
            ["apiGroups"] = new JsonArray(Resource.Group),
            ["resources"] = new JsonArray(Subresource is null ? Resource.Plural : $"{Resource.Plural}/{Subresource}"),
        };
        if (Name is not null)
        {
            rule["resourceNames"] = new JsonArray(Name);
        }

        rule["verbs"] = new JsonArray([.. Verbs.Select(verb => (JsonNode)verb)]);
        return rule;
    }
}
