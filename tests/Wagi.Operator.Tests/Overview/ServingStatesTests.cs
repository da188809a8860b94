using Wagi.Kubernetes.Resources;
using Wagi.Modules.Status;
using Wagi.Operator.Overview;
using Wagi.Operator.Tests.Planning;

namespace Wagi.Operator.Tests.Overview;

public sealed class ServingStatesTests
{
    private const string Pinned = "registry.example/hello@" + Scenario.Digest1;

    private readonly Scenario _scenario = new();

    /// <summary>What the console says of the one WagiModule after another plan.</summary>
    private ServingState State()
    {
        _scenario.Plan();
        return ServingStates.Of(_scenario.Modules.Single(module => module.Metadata.Name == "a").Status);
    }

    private void Serve()
    {
        _scenario.With("a", "/a", Pinned).Plan();
        _scenario.Runtime("one").Runtime("two");
        Assert.Equal(ServingState.Serving, State());
    }

    [Fact]
    public void ModuleThatNobodyHasLookedAt_IsUnseen() => Assert.Equal(ServingState.Unseen, ServingStates.Of(null));

    [Fact]
    public void ModuleWithoutRuntimes_IsFailing()
    {
        _scenario.With("a", "/a", Pinned);

        Assert.Equal(ServingState.Failing, State());
    }

    [Fact]
    public void ModuleThatIsLoaded_IsUpdating()
    {
        Serve();
        _scenario.Runtime("two", status => status with { State = ModuleState.Loading, Reason = ModuleReason.Loading });

        Assert.Equal(ServingState.Updating, State());
    }

    [Fact]
    public void ModuleWhoseTagIsAskedFor_IsUpdating()
    {
        _scenario.With("a", "/a");

        Assert.Equal(ServingState.Updating, State());
    }

    [Fact]
    public void ModuleThatFailsInOneRuntime_IsServedPartly()
    {
        Serve();
        _scenario.Runtime("two", status => status with { State = ModuleState.Failed, Reason = ModuleReason.TooManyModules, Routes = [] });

        Assert.Equal(ServingState.Partly, State());
    }

    [Fact]
    public void ModuleThatFailsEverywhere_IsFailing_OrTheLastGoodVersionServes()
    {
        Serve();
        foreach (var name in new[] { "one", "two" })
        {
            _scenario.Runtime(name, status => status with { State = ModuleState.Failed, Reason = ModuleReason.CompileFailed, Routes = [] });
        }

        Assert.Equal(ServingState.Failing, State());

        foreach (var name in new[] { "one", "two" })
        {
            _scenario.Runtime(name, status => status with { State = ModuleState.Failed, Reason = ModuleReason.CompileFailed });
        }

        Assert.Equal(ServingState.LastGood, State());
    }

    [Fact]
    public void ModuleWhoseRuntimesAreSilent_IsFailing()
    {
        Serve();
        _scenario.UnreachableRuntime("one", "no route to host").UnreachableRuntime("two", "no route to host");

        Assert.Equal(ServingState.Failing, State());
    }

    [Fact]
    public void SpecThatIsNotValid_LeavesTheLastGoodVersion()
    {
        Serve();
        _scenario.Edit("a", spec => spec with { Timeout = "soon" });

        Assert.Equal(ServingState.LastGood, State());
    }

    [Fact]
    public void SpecThatWasNeverValid_IsNotProgrammed()
    {
        _scenario.With(Scenario.Module("a", new WagiModuleSpec { Route = "/a", Module = Pinned, Timeout = "soon" }));

        Assert.Equal(ServingState.NotProgrammed, State());
    }

    [Fact]
    public void LoserOfARoute_IsNotProgrammed()
    {
        _scenario.With("a", "/a", Pinned).With("older", "/a", Pinned, age: 1);

        Assert.Equal(ServingState.NotProgrammed, State());
    }

    [Fact]
    public void SuspendedModule_IsSuspended_WhetherItIsServedOrNot()
    {
        Serve();
        _scenario.Edit("a", spec => spec with { Suspend = true });

        Assert.Equal(ServingState.Suspended, State());
    }
}
