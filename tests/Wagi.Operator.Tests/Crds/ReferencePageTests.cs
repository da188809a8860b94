using System.Reflection;
using System.Text.Json.Nodes;
using Wagi.Kubernetes.Resources;
using Wagi.Modules.Status;
using Wagi.Operator.Classes;
using Wagi.Operator.Crds;
using Wagi.Operator.Planning;
using Wagi.Operator.Rendering;
using Wagi.Operator.Tests.Cluster;

namespace Wagi.Operator.Tests.Crds;

/// <summary><c>docs/wagimodule.md</c> and <c>docs/wagiclass.md</c>.</summary>
public sealed class ReferencePageTests
{
    /// <summary>The example of every field of the spec, as it stands in the page.</summary>
    private static readonly Dictionary<string, string> Examples = CrdGenerator.Schema()["properties"]!["spec"]!["properties"]!.AsObject().ToDictionary(
        field => field.Key, field => FieldText.Parse((string)field.Value!["description"]!).Example, StringComparer.Ordinal);

    public static TheoryData<string> Fields => new(Examples.Keys.Except(["route", "module", "bindleServer"]));

    [Fact]
    public void Page_IsWhatTheTypesSay() => Assert.All(CrdGenerator.All, resource => Assert.True(
        File.ReadAllText(Path.Combine(ClusterFixture.Crds, "..", "docs", ReferencePage.FileName(resource))) == ReferencePage.Text(resource),
        $"docs/{ReferencePage.FileName(resource)} does not fit lib/Wagi.Kubernetes/Resources any more: run `make crds` and commit the result"));

    [Theory]
    [MemberData(nameof(Fields))]
    public void Example_IsAValidValue(string field) =>
        AssertAccepted($"route: {Examples["route"]}", $"module: {Examples["module"]}", $"{field}: {Examples[field]}");

    [Fact]
    public void ExampleOfBindleServer_IsAValidValue() =>
        AssertAccepted("route: /", "module: bindle:example.com/hello/1.0.0", $"bindleServer: {Examples["bindleServer"]}");

    /// <summary>Fields of a WagiClass, those of objects in objects too; what is in a list belongs to the list's own example.</summary>
    public static TheoryData<string, string> ClassFields => new(ExamplesOf("", CrdGenerator.Schema(WagiClass.KindName)["properties"]!["spec"]!.AsObject()));

    [Theory]
    [MemberData(nameof(ClassFields))]
    public void ExampleOfAClass_IsAValidValue(string path, string example)
    {
        var nested = path.Split('.').Reverse().Aggregate(example, (value, name) => $"{{{name}: {value}}}");

        var file = ManifestReader.Read($"apiVersion: wagi.dev/v1alpha1\nkind: WagiClass\nmetadata: {{name: example}}\nspec: {nested}\n", "example.yaml", DateTime.UnixEpoch);

        Assert.Empty(file.Problems);
        Assert.True(ClassReader.TryRead(Assert.Single(file.Classes).Class, "wagi-system", out _, out var problems), string.Join("; ", problems ?? []));
    }

    private static IEnumerable<(string Path, string Example)> ExamplesOf(string prefix, JsonObject schema)
    {
        foreach (var (name, field) in schema["properties"]?.AsObject() ?? [])
        {
            yield return (prefix + name, FieldText.Parse((string)field!["description"]!).Example);
            foreach (var inner in ExamplesOf($"{prefix}{name}.", field.AsObject()))
            {
                yield return inner;
            }
        }
    }

    [Fact]
    public void Conditions_HaveTheReasonsThatThereAre()
    {
        var listed = ConditionCatalog.All.SelectMany(condition => condition.True.Concat(condition.Others)).Distinct(StringComparer.Ordinal);

        Assert.Equal(Constants(typeof(ConditionReason)).Union(Constants(typeof(ModuleReason))).Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
        Assert.Equal(Constants(typeof(ConditionType)), ConditionCatalog.All.Select(condition => condition.Type));
    }

    [Theory]
    [InlineData("What it is.", "What it is.", "", "")]
    [InlineData("What it is. Example: {a: b}", "What it is.", "", "{a: b}")]
    [InlineData("What it is: e.g. this. Default: 1.5. Example: 2", "What it is: e.g. this.", "1.5", "2")]
    public void Description_IsTakenApart(string description, string text, string @default, string example) =>
        Assert.Equal(new FieldText(text, @default, example), FieldText.Parse(description));

    private static IEnumerable<string> Constants(Type type) => type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetValue(null)!);

    private static void AssertAccepted(params IEnumerable<string> lines)
    {
        var manifest = "apiVersion: wagi.dev/v1alpha1\nkind: WagiModule\nmetadata: {name: example}\nspec:\n" + string.Concat(lines.Select(line => $"  {line}\n"));

        var file = ManifestReader.Read(manifest, "example.yaml", DateTime.UnixEpoch);

        Assert.Empty(file.Problems);
        Assert.True(SpecReader.TryRead(Assert.Single(file.Modules).Module, out _, out var problems), string.Join("; ", problems ?? []));
    }
}
