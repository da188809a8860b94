using System.Text.Json.Nodes;
using Wagi.Operator.Commands;
using Wagi.Operator.Crds;
using Wagi.Operator.Tests.Cluster;

namespace Wagi.Operator.Tests.Crds;

public sealed class CrdGeneratorTests
{
    [Fact]
    public void CrdsFolder_IsWhatTheTypesSay() => Assert.True(
        File.ReadAllText(Path.Combine(ClusterFixture.Crds, CrdGenerator.FileName)) == CrdsCommand.Text(),
        "crds/ does not fit operator/Resources any more: run `make crds` and commit the result");

    [Fact]
    public void EveryField_IsDescribed_WithAnExample()
    {
        // What metadata is, the API server says itself.
        var fields = Fields("", CrdGenerator.Schema()).Where(field => field.Path != ".metadata").ToList();

        Assert.True(fields.Count > 40);
        Assert.All(fields, field => Assert.True(FieldText.Parse(field.Description) is { Text.Length: > 2, Example.Length: > 0 }, field.Path));
    }

    [Fact]
    public void EveryTextAndArray_IsBounded_SoThatRulesHaveABoundedCost()
    {
        var unbounded = All("spec", CrdGenerator.Schema()["properties"]!["spec"]!.AsObject())
            .Where(field => (string?)field.Schema["type"] is "string" && field.Schema["maxLength"] is null
                || (string?)field.Schema["type"] is "array" && field.Schema["maxItems"] is null)
            .Select(field => field.Path);

        Assert.Empty(unbounded);
    }

    private static IEnumerable<(string Path, string Description)> Fields(string path, JsonObject schema) =>
        All(path, schema).Skip(1).Where(field => !field.Path.EndsWith("[]", StringComparison.Ordinal))
            .Select(field => (field.Path, (string?)field.Schema["description"] ?? ""));

    private static IEnumerable<(string Path, JsonObject Schema)> All(string path, JsonObject schema)
    {
        yield return (path, schema);
        var inner = (schema["properties"] as JsonObject ?? []).Select(property => ($"{path}.{property.Key}", property.Value!.AsObject()));
        if (schema["items"] is JsonObject items)
        {
            inner = inner.Append((path + "[]", items));
        }

        foreach (var field in inner.SelectMany(field => All(field.Item1, field.Item2)))
        {
            yield return field;
        }
    }
}
