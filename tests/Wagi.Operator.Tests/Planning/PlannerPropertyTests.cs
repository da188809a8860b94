using System.Collections.Immutable;
using System.Text;
using CsCheck;
using k8s.Models;
using Wagi.Kubernetes.ApiServer;
using Wagi.Kubernetes.Resources;
using Wagi.Modules.Configuration;
using Wagi.Modules.Status;
using Wagi.Operator.Planning;

namespace Wagi.Operator.Tests.Planning;

/// <summary>What holds for every plan, whatever is asked for.</summary>
public sealed class PlannerPropertyTests
{
    private const string SecretMark = "TOP-SECRET";

    private const int Iterations = 300;

    /// <summary>Few values of each kind, good and bad, so that modules meet each other often.</summary>
    private static readonly Gen<WagiModuleSpec> Specs =
        Gen.Select(
            Gen.OneOf<string?>("/a", "/b", "/a/...", "/c", "bad", null),
            Gen.OneOf<string[]?>(null, [], ["h.example"], ["H.example", "i.example"], ["*.example"], ["bad host"]),
            Gen.OneOf("r.example/m:v1", "r.example/m:v2", "r.example/n:v1", "oci://r.example/m@" + Scenario.Digest1, "bindle:a/b/1.0.0", "file:x"),
            Environment.Array[0, 3],
            Gen.OneOf<string?>(null, "30s", "never"),
            Gen.Bool)
        .Select((route, hosts, module, env, timeout, pulls) => new WagiModuleSpec
        {
            Route = route,
            Hosts = hosts,
            Module = module,
            Env = env.Length == 0 ? null : env,
            Timeout = timeout,
            ImagePullSecrets = pulls ? [new() { Name = "pull" }] : null,
        });

    private static readonly Gen<PlanInput> Inputs =
        Gen.Select(Modules, Gen.Byte, Gen.Int[0, 3], Gen.OneOf(300, 900, 100_000)).Select((modules, known, runtimes, room) => Input(modules, known, runtimes, room));

    private static Gen<EnvironmentVariable> Environment => Gen.OneOf(
        new EnvironmentVariable { Name = "PLAIN", Value = "x\"\\\n\u0001é" },
        new EnvironmentVariable { Name = "SECRET", ValueFrom = new() { SecretKeyRef = new() { Name = "api", Key = "token" } } },
        new EnvironmentVariable { Name = "ABSENT", ValueFrom = new() { SecretKeyRef = new() { Name = "absent", Key = "token" } } },
        new EnvironmentVariable { Name = "OPTIONAL", ValueFrom = new() { SecretKeyRef = new() { Name = "absent", Key = "token", Optional = true } } },
        new EnvironmentVariable { Name = "MAP", ValueFrom = new() { ConfigMapKeyRef = new() { Name = "settings", Key = "a" } } },
        new EnvironmentVariable { Name = "HTTP_HOST", Value = "x" });

    private static Gen<WagiModule[]> Modules =>
        Gen.Select(Specs, Gen.Int[0, 2], Gen.Int[0, 3], Gen.Bool).Array[0, 8].Select(items => items
            .Select((item, i) => Scenario.Module($"m{i}", item.Item1, ns: $"ns{item.Item2 % 2}", age: item.Item3))
            .ToArray());

    [Fact]
    public void Plan_DoesNotDependOnTheOrderOfItsInput() =>
        Gen.Select(Inputs, Gen.Int).Sample(
            (input, seed) =>
            {
                var shuffled = input.Modules.ToArray();
                new Random(seed).Shuffle(shuffled);
                AssertSame(Planner.Plan(input), Planner.Plan(input with { Modules = shuffled, Runtimes = [.. input.Runtimes.Reverse()] }));
            },
            iter: Iterations);

    [Fact]
    public void PlanOfWhatWasPlanned_ChangesNothing_AndSaysNothing() =>
        Inputs.Sample(
            input =>
            {
                var first = Planner.Plan(input);
                var second = Planner.Plan(Apply(input, first) with { Now = input.Now.AddHours(1) });

                Assert.Equal(first.Toml, second.Toml);
                Assert.Equal(first.SecretData.Keys, second.SecretData.Keys);
                Assert.All(first.SecretData, pair => Assert.Equal(pair.Value, second.SecretData[pair.Key]));
                Assert.All(second.Verdicts, verdict => Assert.False(verdict.StatusChanged));
                Assert.All(second.Verdicts, verdict => Assert.Empty(verdict.Events));
            },
            iter: Iterations);

    [Fact]
    public void Toml_ReadsBackAsTheEntriesOfTheVerdicts() =>
        Inputs.Sample(
            input =>
            {
                var plan = Planner.Plan(input);
                var file = ModulesTomlReader.Read(plan.Toml, "modules.toml");

                Assert.Empty(file.Problems);
                Assert.Equal(
                    plan.Verdicts.Where(verdict => verdict.Entry is not null).Select(verdict => ModulesTomlWriter.Write(verdict.Entry!)).Order(StringComparer.Ordinal),
                    file.Entries.Select(ModulesTomlWriter.Write).Order(StringComparer.Ordinal));
            },
            iter: Iterations);

    [Fact]
    public void SecretValues_AreNowhereButInTheSecret() =>
        Inputs.Sample(
            input =>
            {
                var plan = Planner.Plan(input);

                Assert.DoesNotContain(SecretMark, plan.Toml, StringComparison.Ordinal);
                Assert.All(plan.Verdicts, verdict =>
                {
                    Assert.DoesNotContain(SecretMark, System.Text.Json.JsonSerializer.Serialize(verdict.Status, ResourcesJsonContext.Default.WagiModuleStatus), StringComparison.Ordinal);
                    Assert.DoesNotContain(verdict.Events, item => item.ToString().Contains(SecretMark, StringComparison.Ordinal));
                });
            },
            iter: Iterations);

    [Fact]
    public void EveryModule_HasOneVerdict_AndEveryRouteOneWinner() =>
        Inputs.Sample(
            input =>
            {
                var plan = Planner.Plan(input);

                Assert.Equal(input.Modules.Select(module => module.Key).Order(ObjectKey.Order), plan.Verdicts.Select(verdict => verdict.Key));
                var places = plan.Verdicts.Select(verdict => verdict.Entry).OfType<ModuleEntry>()
                    .SelectMany(entry => entry.Hosts.IsEmpty ? [("", entry.Route.ToString())] : entry.Hosts.Select(host => (host.ToString(), entry.Route.ToString())))
                    .ToList();
                Assert.Equal(places.Distinct().Count(), places.Count);
            },
            iter: Iterations);

    [Fact]
    public void Plan_FitsTheConfigMap() =>
        Inputs.Sample(input => Encoding.UTF8.GetByteCount(Planner.Plan(input).Toml) <= input.Settings.MaxTomlBytes + ChecksumLine.Length, iter: Iterations);

    [Fact]
    public void Change_NeverTakesAnotherModuleDown() =>
        Gen.Select(Inputs, Specs).Sample(
            (input, spec) =>
            {
                // One module changes to something on a route of its own; every other one keeps its entry.
                var before = Planner.Plan(input);
                var changing = input.Modules.MaxBy(module => module.Key, ObjectKey.Order);
                if (changing is null)
                {
                    return;
                }

                var changed = changing with { Spec = spec with { Route = "/own", Hosts = null }, Status = null };
                var after = Planner.Plan(Apply(input, before) with { Modules = [.. input.Modules.Where(module => module != changing), changed] });

                foreach (var verdict in before.Verdicts.Where(verdict => verdict.Entry is not null && verdict.Key != changing.Key))
                {
                    Assert.NotNull(after.Verdicts.Single(other => other.Key == verdict.Key).Entry);
                }
            },
            iter: Iterations);

    private static PlanInput Input(WagiModule[] modules, byte known, int runtimes, int room)
    {
        var input = new PlanInput
        {
            Modules = modules,
            Settings = new PlanSettings { BaseUrl = new Uri("https://wagi.example"), MaxTomlBytes = room },
            Now = Scenario.Start,
        };
        var references = Planner.Plan(input);
        input = input with
        {
            Secrets = references.Secrets.Where(_ => (known & 1) == 0).ToDictionary(key => key, Secret),
            ConfigMaps = references.ConfigMaps.ToDictionary(key => key, _ => (known & 2) == 0 ? new ConfigMapContent(ImmutableDictionary<string, string>.Empty.Add("a", "value")) : null),
        };
        input = input with
        {
            Resolutions = Planner.Plan(input).Resolutions.Where(request => !request.Reference.Contains("/n:", StringComparison.Ordinal) || (known & 4) == 0).ToDictionary(
                request => request,
                request => request.Reference.EndsWith("v2", StringComparison.Ordinal) && (known & 8) == 0
                    ? new Resolution.Failed(ModuleReason.NotFound, "no such tag", IsFinal: true)
                    : (Resolution)new Resolution.Found(Scenario.Digest1)),
        };
        return input with { Runtimes = [.. Enumerable.Range(0, runtimes).Select(i => Runtime(i, known, Planner.Plan(input).Toml))] };
    }

    private static SecretContent? Secret(ObjectKey key) => key.Name switch
    {
        "api" => new SecretContent("u", "1", "Opaque", ImmutableDictionary<string, byte[]>.Empty.Add("token", Encoding.UTF8.GetBytes(SecretMark))),
        "pull" => new SecretContent("u", "1", "kubernetes.io/dockercfg", ImmutableDictionary<string, byte[]>.Empty.Add(".dockercfg", Encoding.UTF8.GetBytes($"{{\"r\":{{\"auth\":\"{SecretMark}\"}}}}"))),
        _ => null,
    };

    private static RuntimeReport Runtime(int number, byte known, string toml)
    {
        if ((known & 16) != 0 && number == 1)
        {
            return new RuntimeReport($"runtime-{number}", null, "timed out");
        }

        var state = (known & 32) != 0 && number == 0 ? (ModuleState.Failed, ModuleReason.CompileFailed) : (ModuleState.Ready, ModuleReason.Ready);
        return new RuntimeReport($"runtime-{number}", new RuntimeStatus
        {
            Version = "test",
            Ready = true,
            Configuration = new ConfigurationStatus { Path = "modules.toml", Digest = null, ReadAt = Scenario.Start, Problems = [] },
            Modules = [.. ModulesTomlReader.Read(toml, "modules.toml").Entries.Select(entry => new ModuleStatus
            {
                Id = entry.Id,
                Revision = entry.Revision,
                State = state.Item1,
                Reason = state.Item2,
                Since = Scenario.Start,
                Route = entry.Route.ToString(),
                Module = entry.Module.ToString(),
                Routes = [entry.Route.ToString()],
            })],
        });
    }

    /// <summary>What the input is once the plan came true; nothing else changes.</summary>
    private static PlanInput Apply(PlanInput input, Plan plan) => input with
    {
        PreviousToml = plan.Toml,
        PreviousSecrets = plan.SecretData,
        Modules = [.. input.Modules.Select(module => module with { Status = plan.Verdicts.Single(verdict => verdict.Key == module.Key).Status })],
    };

    private static void AssertSame(Plan expected, Plan actual)
    {
        Assert.Equal(expected.Toml, actual.Toml);
        Assert.Equal(expected.SecretData.Select(pair => (pair.Key, Convert.ToHexString(pair.Value))), actual.SecretData.Select(pair => (pair.Key, Convert.ToHexString(pair.Value))));
        Assert.Equal(Texts(expected), Texts(actual));
        Assert.True(expected.Resolutions.SetEquals(actual.Resolutions));
    }

    private static IEnumerable<string> Texts(Plan plan) => plan.Verdicts.Select(verdict =>
        $"{verdict.Key} {System.Text.Json.JsonSerializer.Serialize(verdict.Status, ResourcesJsonContext.Default.WagiModuleStatus)} {string.Join('|', verdict.Events)}");
}
