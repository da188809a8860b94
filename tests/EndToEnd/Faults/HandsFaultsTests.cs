using System.Text.Json;
using Wagi.TestCluster;
using Wagi.TestCluster.Product;

namespace Wagi.EndToEnd.Faults;

/// <summary>Somebody with the right to do so changes by hand what the operator writes, or writes it with another program.</summary>
public sealed class HandsFaultsTests(FaultsFixture fixture) : FaultTests(fixture)
{
    public static TheoryData<string> Edits =>
    [
        "patch configmap wagi-modules --type=merge -p {\"data\":{\"modules.toml\":\"this_is_[no_TOML\"}}",
        "patch configmap wagi-modules --type=json -p [{\"op\":\"remove\",\"path\":\"/data\"}]",
        "patch configmap wagi-modules --type=merge -p {\"data\":{\"another-file\":\"x\"}}",
        "delete configmap wagi-modules",
        "delete secret wagi-modules",
        "delete configmap,secret wagi-modules",
    ];

    [Theory]
    [MemberData(nameof(Edits))]
    public async Task WhatIsGenerated_EditedOrDeletedByHand_IsRestored(string edit)
    {
        StartOperator();
        await ServeAsync();

        (await System.ControlPlane.KubectlAsync(["-n", WholeSystem.SystemNamespace, .. edit.Split(' ')])).EnsureSuccess();
        await ChangeAsync();

        await EndsAsCleanRunAsync();
    }

    /// <summary>Server-side apply by another field manager, which takes the same fields and adds some of its own.</summary>
    [Fact]
    public async Task FieldsThatSomebodyElseTakes_AreTakenBack()
    {
        StartOperator();
        await ServeAsync();

        await TakeAsync("""{ apiVersion: v1, kind: ConfigMap, metadata: { name: wagi-modules }, data: { modules.toml: "this is no TOML", mine: "x" } }""");
        await TakeAsync("""{ apiVersion: v1, kind: Secret, metadata: { name: wagi-modules }, stringData: { mine: "x" } }""");
        await System.ControlPlane.MergeAsync(
            $"/apis/wagi.dev/v1alpha1/namespaces/{Neighbour}/wagimodules/hello/status?fieldManager=somebody",
            """{ "status": { "observedGeneration": 77, "conditions": [], "url": "http://mine/" } }""",
            Cancellation);
        await ChangeAsync();

        await EndsAsCleanRunAsync();
    }

    private async Task TakeAsync(string manifest) => (await System.ControlPlane.KubectlAsync(
        ["-n", WholeSystem.SystemNamespace, "apply", "--server-side", "--force-conflicts", "--field-manager=somebody", "-f", "-"], "---\n" + manifest)).EnsureSuccess();
}
