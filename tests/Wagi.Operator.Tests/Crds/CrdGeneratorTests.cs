using System.Text.Json.Nodes;
using Wagi.Modules.Limits;
using Wagi.Operator.Commands;
using Wagi.Operator.Crds;
using Wagi.Operator.Tests.Cluster;

namespace Wagi.Operator.Tests.Crds;

public sealed class CrdGeneratorTests
{
    public static TheoryData<string> Kinds => new(CrdGenerator.All.Select(resource => resource.Kind));

    [Fact]
    public void CrdsFolder_IsWhatTheTypesSay() => Assert.All(CrdGenerator.All, resource => Assert.True(
        File.ReadAllText(Path.Combine(ClusterFixture.Crds, resource.FileName)) == CrdsCommand.Text(resource),
        "crds/ does not fit lib/Wagi.Kubernetes/Resources any more: run `make crds` and commit the result"));

    [Theory]
    [MemberData(nameof(Kinds))]
    public void EveryField_IsDescribed_WithAnExample(string kind)
    {
        // What metadata is, the API server says itself.
        var fields = Fields("", CrdGenerator.Schema(kind)).Where(field => field.Path != ".metadata").ToList();

        Assert.True(fields.Count > 30);
        Assert.All(fields, field => Assert.True(FieldText.Parse(field.Description) is { Text.Length: > 2, Example.Length: > 0 }, field.Path));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void EveryTextAndArray_IsBounded_SoThatRulesHaveABoundedCost(string kind)
    {
        var unbounded = All("spec", CrdGenerator.Schema(kind)["properties"]!["spec"]!.AsObject())
            .Where(field => (string?)field.Schema["type"] is "string" && field.Schema["maxLength"] is null && field.Schema["enum"] is null
                || (string?)field.Schema["type"] is "array" && field.Schema["maxItems"] is null)
            .Select(field => field.Path);

        Assert.Empty(unbounded);
    }

    [Fact]
    public void Limits_AreDescribed_AsTheyAre()
    {
        var spec = CrdGenerator.Schema()["properties"]!["spec"]!["properties"]!;
        string Description(string field) => (string)spec[field]!["description"]!;
        string Rule(string field) => (string)spec[field]!["x-kubernetes-validations"]![0]!["rule"]!;

        Assert.Contains($": {Duration.Format(ModuleLimits.MinTimeout)} to {Duration.Format(ModuleLimits.MaxTimeout)}. Default: the runtime's --timeout, {Duration.Format(ModuleLimits.DefaultTimeout)}.", Description("timeout"), StringComparison.Ordinal);
        Assert.Contains($": {ByteSize.Format(ModuleLimits.MinMemory)} to {ByteSize.Format(ModuleLimits.MaxMemory)}. Default: the runtime's --memory-limit, {ByteSize.Format(ModuleLimits.DefaultMemory)}.", Description("memoryLimit"), StringComparison.Ordinal);
        Assert.Contains($"--max-concurrency, {ModuleLimits.DefaultConcurrencyPerCpu} for every CPU.", Description("maxConcurrency"), StringComparison.Ordinal);
        Assert.Contains($"Default: {ModuleLimits.DefaultHttpConcurrency}.", Description("httpMaxConcurrency"), StringComparison.Ordinal);
        Assert.Contains($"bytes >= {ModuleLimits.MinMemory}.0 && bytes <= {ModuleLimits.MaxMemory}.0", Rule("memoryLimit"), StringComparison.Ordinal);
        Assert.Contains($">= duration('{Duration.Format(ModuleLimits.MinTimeout)}')", Rule("timeout"), StringComparison.Ordinal);
        Assert.Contains($"<= duration('{Duration.Format(ModuleLimits.MaxTimeout)}')", Rule("timeout"), StringComparison.Ordinal);
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
