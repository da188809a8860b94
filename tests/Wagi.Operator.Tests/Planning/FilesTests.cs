using Wagi.Kubernetes.Resources;
using Wagi.Operator.Classes;
using Wagi.Operator.Planning;

namespace Wagi.Operator.Tests.Planning;

/// <summary>Files of WagiModules, from the spec to <c>modules.toml</c>.</summary>
public sealed class FilesTests
{
    private static WagiModule Module(WagiModuleStatus? status = null)
    {
        var module = Scenario.Module("hello", new WagiModuleSpec
        {
            Route = "/hello",
            Module = $"registry.example/hello@{Scenario.Digest1}",
            Files = [new FilesSpec { Reference = "registry.example/site:v1", Path = "/site" }],
        });
        module.Status = status;
        return module;
    }

    private static PlanInput Input(WagiModule module, Resolution? answer)
    {
        var input = new PlanInput { Modules = [module], Now = Scenario.Start };
        return input with { Resolutions = answer is null ? new Dictionary<ResolutionRequest, Resolution>() : Planner.Plan(input).Resolutions.ToDictionary(request => request, _ => answer) };
    }

    [Fact]
    public void Tag_IsResolved_AndOlderRuntimesAreTold()
    {
        var plan = Planner.Plan(Input(Module(), new Resolution.Found(Scenario.Digest2)));

        Assert.Contains($$"""files = [{ reference = "oci://registry.example/site@{{Scenario.Digest2}}", path = "/site" }]""", plan.Toml, StringComparison.Ordinal);
        Assert.Contains("requires = [\"files\"]", plan.Toml, StringComparison.Ordinal);
        Assert.Equal([$"registry.example/site:v1@{Scenario.Digest2}"], plan.Verdicts[0].Status.ResolvedFiles!);
    }

    [Fact]
    public void TagThatCannotBeResolved_KeepsTheModuleOut_AndSaysWhichFiles()
    {
        var plan = Planner.Plan(Input(Module(), new Resolution.Failed("NotFound", "there is no such tag", IsFinal: true)));

        Assert.DoesNotContain("[[module]]", plan.Toml, StringComparison.Ordinal);
        var resolved = plan.Verdicts[0].Status.Conditions!.Single(condition => condition.Type == ConditionType.Resolved);
        Assert.Equal(("NotFound", "files at '/site': there is no such tag"), (resolved.Reason, resolved.Message));
    }

    [Fact]
    public void RegistryThatDoesNotAnswer_LeavesTheDigestOfBefore()
    {
        var before = new WagiModuleStatus { ResolvedFiles = [$"registry.example/site:v1@{Scenario.Digest2}"] };
        var plan = Planner.Plan(Input(Module(before), new Resolution.Failed("RegistryUnreachable", "no answer", IsFinal: false)));

        Assert.Contains($"oci://registry.example/site@{Scenario.Digest2}", plan.Toml, StringComparison.Ordinal);
    }

    [Fact]
    public void RegistryThatTheClassDoesNotAllow_IsRefused()
    {
        var rules = new ClassRules { Name = "shop", Registries = ["registry.example/hello"] };
        var draft = SpecReader.TryRead(Module(), out var spec, out _) ? spec.Draft : throw new InvalidOperationException();

        var broken = Assert.Single(rules.Reach(draft, TenantNamespace.Named("default")));

        Assert.StartsWith("spec.files[0].reference: 'registry.example/site' is in none of", broken, StringComparison.Ordinal);
    }
}
