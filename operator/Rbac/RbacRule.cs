using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Wagi.Operator.ApiServer;

namespace Wagi.Operator.Rbac;

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
        if (Name is not null) rule["resourceNames"] = new JsonArray(Name);
        rule["verbs"] = new JsonArray([.. Verbs.Select(verb => (JsonNode)verb)]);
        return rule;
    }
}
