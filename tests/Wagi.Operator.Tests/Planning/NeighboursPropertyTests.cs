using System.Collections.Immutable;
using System.Text;
using System.Text.RegularExpressions;
using CsCheck;
using Wagi.Kubernetes.ApiServer;
using Wagi.Kubernetes.Resources;
using Wagi.Modules.Configuration;
using Wagi.Operator.Applying;
using Wagi.Operator.Planning;
using static Wagi.Operator.Tests.Planning.HostileSpecs;

namespace Wagi.Operator.Tests.Planning;

/// <summary>
/// One module's trouble is its own: whatever WagiModules an API server accepts, up to the maxima of the schema, the plan for them can be written, and
/// modules that are served stay served.
/// </summary>
public sealed partial class NeighboursPropertyTests
{
    private const int Iterations = 15;

    /// <summary>The API server reads no larger request (<c>MaxRequestBodyBytes</c>), and no larger ConfigMap or Secret passes its validation.</summary>
    private const int LargestRequest = 3 << 20, LargestData = 1 << 20;

    private static readonly Gen<WagiModule[]> Hostile = Gen.Select(HostileSpecs.Any, Gen.OneOf(1, 240, 253), Gen.Int[0, 9]).Array[1, 20]
        .Select(items => items.Select((item, i) => Scenario.Module(Fill($"m{i}.", 4) + new string('n', item.Item2 - 4 < 0 ? 0 : item.Item2 - 4), item.Item1, ns: new string('s', 63), age: item.Item3)).ToArray());

    [Fact]
    public void WhateverIsAccepted_ThePlanCanBeWritten_AndWhatWasServedStaysServed() =>
        Gen.Select(Hostile, Hostile).Sample(
            (first, second) =>
            {
                var scenario = Cluster();
                scenario.With("served", "/served", $"registry.example/hello@{Scenario.Digest1}", age: 5, ns: "quiet");
                var served = scenario.Plan().Verdicts.Single().Entry!;

                foreach (var hostile in new[] { first, second })
                {
                    foreach (var module in hostile)
                    {
                        module.Status = null;
                        scenario.With(module);
                    }

                    var before = ModulesTomlReader.Read(scenario.Toml!, "modules.toml").Entries.ToDictionary(entry => entry.Id, entry => entry.Route.ToString());
                    var plan = scenario.Plan();
                    AssertWritable(plan);
                    Assert.Equal(served.Revision, plan.Verdict("served", "quiet").Entry?.Revision);
                    plan.Verdict("served", "quiet").Expect(ConditionType.Programmed, "True", ConditionReason.Programmed);
                    foreach (var verdict in plan.Verdicts.Where(verdict => verdict.Entry is null && before.ContainsKey(verdict.Key.ToString())))
                    {
                        // An older module claims its route, or it has left it.
                        Assert.True(verdict.Condition(ConditionType.Accepted)!.Reason == ConditionReason.RouteConflict
                            || scenario.Modules.Single(module => module.Key == verdict.Key).Spec.Route != before[verdict.Key.ToString()]);
                    }

                    Assert.All(scenario.Plan().Verdicts, verdict => Assert.False(verdict.StatusChanged));
                }
            },
            iter: Iterations,
            print: static _ => "");

    [Fact]
    public void OlderModuleThatGrows_LeavesTheRoom_ToWhatIsServed()
    {
        var scenario = new Scenario { Settings = new PlanSettings { MaxTomlBytes = 3000 } };
        foreach (var (name, age) in new[] { ("old", 3), ("young", 1) })
        {
            scenario.With(Filled(name, 1000, age));
        }

        scenario.Plan();
        var revision = scenario.Plan().Verdict("old").Entry!.Revision;
        scenario.Edit("old", spec => spec with { Env = Filled("old", 2500, 3).Spec.Env });
        var plan = scenario.Plan();

        Assert.Contains("beside what is served", plan.Verdict("old").Expect(ConditionType.Accepted, "False", ConditionReason.TooLarge), StringComparison.Ordinal);
        Assert.Equal(revision, plan.Verdict("old").Entry!.Revision);
        plan.Verdict("young").Expect(ConditionType.Accepted, "True", ConditionReason.Accepted);
        Assert.NotNull(plan.Verdict("young").Entry);

        // The other one leaves: now there is room.
        scenario.Modules.RemoveAll(module => module.Metadata.Name == "young");
        Assert.Equal(2500, scenario.Plan().Verdict("old").Entry!.Environment["FILL"].Length);
    }

    [Fact]
    public void RoomThatAYoungerModuleLeaves_IsTheOldersAtOnce()
    {
        var scenario = new Scenario { Settings = new PlanSettings { MaxTomlBytes = 3000 } }
            .With(Filled("old", 1000, age: 3)).With(Filled("young", 1000, age: 1));
        scenario.Plan();

        scenario.Edit("old", spec => spec with { Env = Filled("old", 1800, 3).Spec.Env });
        scenario.Edit("young", spec => spec with { Env = Filled("young", 10, 1).Spec.Env });
        scenario.With(Filled("youngest", 900, age: 0));
        var plan = scenario.Plan();

        plan.Verdict("old").Expect(ConditionType.Accepted, "True", ConditionReason.Accepted);
        plan.Verdict("young").Expect(ConditionType.Accepted, "True", ConditionReason.Accepted);
        plan.Verdict("youngest").Expect(ConditionType.Accepted, "False", ConditionReason.TooLarge);
    }

    [Fact]
    public void OneModule_TakesAtMost64KiB_UnlessItIsServedAlready()
    {
        var scenario = new Scenario { Settings = new PlanSettings { MaxModuleBytes = 200_000 } }.With(Filled("large", 32_000, age: 1, count: 3));
        scenario.Plan();
        scenario.Settings = new PlanSettings();
        scenario.With(Filled("larger", 32_000, age: 0, count: 3));

        var plan = scenario.Plan();

        plan.Verdict("large").Expect(ConditionType.Accepted, "True", ConditionReason.Accepted);
        Assert.Contains("one module may take 65536", plan.Verdict("larger").Expect(ConditionType.Accepted, "False", ConditionReason.TooLarge), StringComparison.Ordinal);
    }

    [Fact]
    public void MistakeOfTheOperator_IsTheTroubleOfTheModuleThatBringsItToLight()
    {
        var plan = new Scenario()
            .With("odd", "/odd", "registry.example/odd:v1").Tag("registry.example/odd:v1", "no digest")
            .With("fine", "/fine", $"registry.example/hello@{Scenario.Digest1}")
            .Plan();

        plan.Verdict("odd").Expect(ConditionType.Accepted, "False", ConditionReason.InvalidSpec);
        plan.Verdict("fine").Expect(ConditionType.Programmed, "True", ConditionReason.Programmed);
    }

    [Theory]
    [InlineData(1024, 1024)]
    [InlineData(1025, 1024)]
    public void Text_IsShortened_ToBytes(int length, int expected) =>
        Assert.Equal(expected, Encoding.UTF8.GetByteCount(BoundedText.Shorten(new string('x', length), 1024)));

    [Fact]
    public void Text_IsNotCutInTheMiddleOfACharacter() => Assert.Equal("😀…", BoundedText.Shorten("😀😀😀", 10));

    private static void AssertWritable(Plan plan)
    {
        var file = ModulesTomlReader.Read(plan.Toml, "modules.toml");
        Assert.Empty(file.Problems);
        Assert.Equal(plan.Verdicts.Count(verdict => verdict.Entry is not null), file.Entries.Length);

        var key = new ObjectKey("wagi-system", "wagi-modules");
        var toml = ImmutableSortedDictionary<string, byte[]>.Empty.Add(GeneratedObjects.TomlKey, Encoding.UTF8.GetBytes(plan.Toml));
        Assert.InRange(BodyEncoder.Encode(GeneratedObject.Manifest(ApiResource.ConfigMaps, key, toml)).Length, 1, LargestRequest);
        Assert.InRange(BodyEncoder.Encode(GeneratedObject.Manifest(ApiResource.Secrets, key, plan.SecretData)).Length, 1, LargestRequest);
        Assert.InRange(Encoding.UTF8.GetByteCount(plan.Toml), 1, LargestData);
        Assert.InRange(plan.SecretData.Sum(pair => pair.Value.Length), 0, LargestData);
        Assert.All(plan.SecretData.Keys, name => Assert.Matches(SecretKey(), name));

        foreach (var verdict in plan.Verdicts)
        {
            Assert.All(verdict.Status.Conditions!, condition => Assert.InRange(Encoding.UTF8.GetByteCount(condition.Message), 0, 1024));
            Assert.All(verdict.Events, item => Assert.InRange(Encoding.UTF8.GetByteCount(item.Message), 1, 1024));
        }
    }

    /// <summary>The objects that the specs name: some exist, some do not.</summary>
    private static Scenario Cluster()
    {
        var ns = new string('s', 63);
        var values = new Dictionary<string, string> { ["token"] = "t", ["large"] = new string('<', 40_000), ["binary"] = "\0", [Longest('k')] = Fill(Awkward.Replace("\0", "", StringComparison.Ordinal), 500) };
        var cluster = new Scenario();
        foreach (var letter in "qrstuvw")
        {
            cluster.NoSecret(Longest(letter), ns);
        }

        return cluster
            .Secret("api", values, ns: ns).NoSecret("absent", ns).Secret(Longest('s'), values, ns: ns).NoSecret(Longest('t'), ns)
            .Secret(Longest('p'), new() { [".dockerconfigjson"] = """{"auths":{}}""" }, "kubernetes.io/dockerconfigjson", ns)
            .ConfigMap("api", values, ns).NoConfigMap("absent", ns).ConfigMap(Longest('s'), values, ns).NoConfigMap(Longest('t'), ns);
    }

    private static WagiModule Filled(string name, int size, int age, int count = 1) => Scenario.Module(name, new WagiModuleSpec
    {
        Route = "/" + name,
        Module = $"registry.example/hello@{Scenario.Digest1}",
        Env = [.. Enumerable.Range(0, count).Select(i => new EnvironmentVariable { Name = "FILL" + (i == 0 ? "" : i), Value = new string('x', size) })],
    }, age: age);

    /// <summary>As <c>core/v1</c> validates the keys of a Secret.</summary>
    [GeneratedRegex("^[-._a-zA-Z0-9]{1,253}$")]
    private static partial Regex SecretKey();
}
