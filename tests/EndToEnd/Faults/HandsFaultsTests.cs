using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Wagi.TestCluster;
using Wagi.TestCluster.Processes;
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

    /// <summary>What is left can be read, and lacks a module that is served. The operator stands still until the runtime has seen it.</summary>
    [Fact]
    public async Task EntryThatIsTakenOutByHand_IsServedOn()
    {
        var running = StartOperator();
        await ServeAsync();
        var generated = await TomlAsync();
        var entries = generated.Split("[[module]]");
        var without = string.Join("[[module]]", entries.Where(entry => !entry.Contains($"id = \"{Neighbour}/hello\"", StringComparison.Ordinal)));
        Assert.NotEqual(generated, without);

        await SignalAsync(running, "-STOP");
        await System.ControlPlane.MergeAsync(
            $"/api/v1/namespaces/{WholeSystem.SystemNamespace}/configmaps/wagi-modules",
            new JsonObject { ["data"] = new JsonObject { ["modules.toml"] = without } }.ToJsonString(),
            Cancellation);
        var digest = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(without)));
        var seen = await Eventually.Becomes(
            token => System.Runtime.StatusAsync(token), status => status.Configuration.Digest == digest, cancellationToken: Cancellation, waitingFor: "the runtime to read what was edited");
        await SignalAsync(running, "-CONT");
        await ChangeAsync();

        await EndsAsCleanRunAsync();
        Assert.Contains("was changed after it was generated", Assert.Single(seen.Configuration.Problems), StringComparison.Ordinal);
        Assert.Empty((await System.Runtime.StatusAsync(Cancellation)).Configuration.Problems);
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

    private async Task<string> TomlAsync()
    {
        using var configMap = await System.ControlPlane.GetJsonAsync(
            $"/api/v1/namespaces/{WholeSystem.SystemNamespace}/configmaps/wagi-modules", Cancellation);
        return configMap!.RootElement.GetProperty("data").GetProperty("modules.toml").GetString()!;
    }

    private static async Task SignalAsync(ProductProcess running, string signal) =>
        (await Command.RunAsync("kill", [signal, $"{running.Id}"], cancellationToken: Cancellation)).EnsureSuccess();

    private async Task TakeAsync(string manifest) => (await System.ControlPlane.KubectlAsync(
        ["-n", WholeSystem.SystemNamespace, "apply", "--server-side", "--force-conflicts", "--field-manager=somebody", "-f", "-"], "---\n" + manifest)).EnsureSuccess();
}
