using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Wagi.Kubernetes.Resources;
using Wagi.Modules.Configuration;
using Wagi.Operator.Tests.Cluster;
using Wagi.Operator.Tests.Planning;

namespace Wagi.Operator.Tests.Instance;

/// <summary>
/// Whatever the API server accepts as one tenant's WagiModules, those of the others are served and told so: attacks that were seen, and a sample of what
/// <c>NeighboursPropertyTests</c> tries, on a real API server.
/// </summary>
public sealed class HostileNeighboursTests(ClusterFixture cluster)
{
    private const string Module = "127.0.0.1:5000/samples/hello@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    private static readonly string LongestName = string.Join('.', Enumerable.Repeat(new string('n', 63), 4))[..253];

    /// <summary>What JSON escapes, what TOML escapes, and what YAML 1.1, as which the API server reads an applied object, takes for the end of a line.</summary>
    private const string Awkward = "<>&'+\"\\/\u0001\t\r\n\u007f\u0080\u0085\u009f\u00a0\u00ad\u2028\u2029\ufeff\uffff\ufffd\ue000é漢😀\U0010ffff: #- {}";

    /// <summary>The specs of a hostile tenant by what they try.</summary>
    private static readonly Dictionary<string, Func<IEnumerable<(string Name, JsonObject Spec)>>> Attacks = new()
    {
        ["the longest name, with a secret"] = () => [(LongestName, With(Reference("secretKeyRef", "api", "token")))],
        ["half a megabyte of what JSON may escape"] = () => Enumerable.Range(0, 16).Select(i => ($"angle-{i}", With(Value(new string('<', 32768))))),
        ["a megabyte of what JSON must escape"] = () => Enumerable.Range(0, 14).Select(i => ($"quote-{i}", With(Value(new string('"', 32000))))),
        ["characters of every kind"] = () => [("awkward", With(Value(Awkward)))],
        ["many missing secrets with long names"] = () =>
            [("aaa", With([.. Enumerable.Range(0, 128).Select(i => Reference("secretKeyRef", $"{i:000}{LongestName[3..]}", LongestName, $"V{i}"))]))],
        ["a NUL where the schema allows it"] = () => [("argv", WithText("argv", "a\0b")), ("entrypoint", WithText("entrypoint", "a\0b")), ("env", With(Value("a\0b")))],
    };

    public static TheoryData<string> AttackNames => [.. Attacks.Keys];

    [Theory]
    [MemberData(nameof(AttackNames))]
    public async Task WhateverOneTenantWrites_TheOthersAreServed(string attack)
    {
        await using var test = await TestOperator.StartAsync(cluster);
        await test.ApplyAsync($$"""{ apiVersion: v1, kind: Secret, metadata: { name: api, namespace: "{{test.Tenant}}" }, stringData: { token: t } }""");
        await test.CreateAsync(Manifest(test, "older", With(Value("x"))));
        await test.ConditionBecomesAsync("older", "Programmed", "True/");

        var hostile = Attacks[attack]().ToList();
        await test.CreateAsync(new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "List",
            ["items"] = new JsonArray([.. hostile.Select(module => JsonNode.Parse(Manifest(test, module.Name, module.Spec)))]),
        }.ToJsonString());
        await test.CreateAsync(Manifest(test, "younger", With(Reference("secretKeyRef", "api", "token"))));

        await test.ConditionBecomesAsync("younger", "Programmed", "True/");
        foreach (var (name, _) in hostile)
        {
            await test.ConditionBecomesAsync(name, "Ready", "False/");
        }

        Assert.Equal("True/Programmed", (await test.ConditionAsync("older", "Programmed"))[..15]);
    }

    /// <summary>Other ones in each run; the message of a failure holds them. What the schema refuses is no attack.</summary>
    [Fact]
    public async Task WhateverTheSchemaAllows_TheOthersAreServed()
    {
        const int Attempts = 40;
        await using var test = await TestOperator.StartAsync(cluster);
        await test.ApplyAsync($$"""{ apiVersion: v1, kind: Secret, metadata: { name: api, namespace: "{{test.Tenant}}" }, stringData: { token: t } }""");
        await test.CreateAsync(Manifest(test, "older", With(Reference("secretKeyRef", "api", "token"))));
        await test.ConditionBecomesAsync("older", "Programmed", "True/");

        var accepted = new List<string>();
        foreach (var (spec, i) in HostileSpecs.Any.Array[Attempts].Single().Select((spec, i) => (spec, i)))
        {
            var module = new WagiModule
            {
                Metadata = new() { Name = $"m{i}" + (i % 2 == 0 ? "" : LongestName[$"m{i}".Length..]), NamespaceProperty = test.Tenant },
                Spec = spec,
            };
            var manifest = JsonSerializer.Serialize(module, ResourcesJsonContext.Default.WagiModule);
            if (await test.TryCreateAsync(manifest))
            {
                accepted.Add(manifest);
            }
        }

        Assert.True(accepted.Count > Attempts / 2, $"only {accepted.Count} of {Attempts} were accepted");
        await test.CreateAsync(Manifest(test, "younger", With(Reference("secretKeyRef", "api", "token"))));
        try
        {
            await test.ConditionBecomesAsync("younger", "Programmed", "True/");
            foreach (var manifest in accepted)
            {
                // Each is told something of its own.
                await test.ConditionBecomesAsync(JsonNode.Parse(manifest)!["metadata"]!["name"]!.GetValue<string>(), "Ready", "False/");
            }

            Assert.Equal("True/Programmed", (await test.ConditionAsync("older", "Programmed"))[..15]);
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"{exception.Message}, beside\n{string.Join('\n', accepted)}", exception);
        }
    }

    [Fact]
    public async Task CharactersOfEveryKind_ReachTheRuntime_AsTheyAre()
    {
        await using var test = await TestOperator.StartAsync(cluster);
        var spec = With(Value(Awkward));
        spec["argv"] = Awkward;

        await test.CreateAsync(Manifest(test, "awkward", spec));
        await test.ConditionBecomesAsync("awkward", "Programmed", "True/");

        var entry = Assert.Single(ModulesTomlReader.Read((await test.TomlAsync())!, "modules.toml").Entries);
        Assert.Equal(Awkward, entry.Environment["VALUE"]);
        Assert.Equal(Awkward, entry.Argv);
    }

    private static string Manifest(TestOperator test, string name, JsonObject spec)
    {
        spec["route"] = "/" + name;
        spec["module"] = Module;
        return new JsonObject
        {
            ["apiVersion"] = "wagi.dev/v1alpha1",
            ["kind"] = "WagiModule",
            ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = test.Tenant },
            ["spec"] = spec,
        }.ToJsonString();
    }

    private static JsonObject With(params JsonObject[] variables) => new() { ["env"] = new JsonArray([.. variables]) };

    private static JsonObject WithText(string field, string text) => new() { [field] = text };

    private static JsonObject Value(string value) => new() { ["name"] = "VALUE", ["value"] = value };

    private static JsonObject Reference(string kind, string name, string key, string variable = "REFERENCE") => new()
    {
        ["name"] = variable,
        ["valueFrom"] = new JsonObject { [kind] = new JsonObject { ["name"] = name, ["key"] = key } },
    };
}
