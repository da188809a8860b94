using Wagi.Kubernetes.Resources;

namespace Wagi.Kubernetes.Tests.Resources;

public sealed class ReasonAdviceTests
{
    private static readonly WagiModule Module = new()
    {
        Metadata = new() { Name = "hello", NamespaceProperty = "shop" },
        Spec = new() { Module = "oci://ghcr.io/me/hello:v1@sha256:12" },
    };

    public static TheoryData<string> Reasons =>
        [.. ConditionCatalog.All.SelectMany(condition => condition.Others).Append(ConditionReason.ResolvedBefore).Distinct()];

    [Theory]
    [MemberData(nameof(Reasons))]
    public void EveryReasonOfTrouble_HasAdvice_AndACommandForTheModule(string reason)
    {
        var advice = ReasonAdvice.All[reason];

        Assert.NotEmpty(advice.Text);
        Assert.DoesNotMatch("{[a-z]+}", advice.CommandFor(Module));
    }

    [Fact]
    public void Command_NamesTheModule_AsTheToolWantsIt()
    {
        Assert.Equal("wagi push FILE ghcr.io/me/hello:v1", ReasonAdvice.All["NotFound"].CommandFor(Module));
        Assert.Equal("wagi check ghcr.io/me/hello:v1@sha256:12", ReasonAdvice.All["UnknownImport"].CommandFor(Module));
        Assert.Equal("kubectl get secrets --namespace shop", ReasonAdvice.All["SecretNotFound"].CommandFor(Module));
    }
}
