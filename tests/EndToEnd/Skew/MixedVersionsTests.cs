using System.Net;
using Wagi.Modules.Status;
using Wagi.TestCluster;
using Wagi.TestCluster.Http;
using Wagi.TestCluster.Product;
using Wagi.TestCluster.Registry;

namespace Wagi.EndToEnd.Skew;

/// <summary>What an operator of one version writes, and a runtime of the other serves.</summary>
public sealed class MixedVersionsTests(SkewFixture fixture) : SkewTests(fixture)
{
    /// <summary>A module that never ends: <c>(func (export "_start") (loop (br 0)))</c>.</summary>
    private static readonly byte[] Endless =
    [
        0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0,
        7, 10, 1, 6, .. "_start"u8, 0, 0, 10, 9, 1, 7, 0, 0x03, 0x40, 0x0c, 0, 0x0b, 0x0b,
    ];

    [Fact]
    public Task PreviousRuntime_ServesEveryField_AsThisOperatorWritesIt() => ServesEveryFieldAsync(Release.This, Release.Previous);

    [Fact]
    public Task ThisRuntime_ServesEveryField_AsThePreviousOperatorWritesIt() => ServesEveryFieldAsync(Release.Previous, Release.This);

    private async Task ServesEveryFieldAsync(Release writes, Release serves)
    {
        Assert.SkipWhen(Checkout.WhyNoSample("env-c") is not null || Checkout.WhyNoSample("fetch-c") is not null, "the C samples are not built");
        await using var target = await TargetServer.StartAsync();
        await System.PushAsync(Checkout.Sample("env-c")!, $"{Tenant}/env:v1");
        await System.PushAsync(Checkout.Sample("fetch-c")!, $"{Tenant}/fetch:v1");
        await PushEndlessAsync();
        await System.ControlPlane.KubectlAsync("create", "secret", "generic", "token", "--from-literal=token=t0ken", "-n", Tenant);
        await System.ControlPlane.KubectlAsync("create", "configmap", "place", "--from-literal=place=here", "-n", Tenant);
        StartOperator(writes);
        var runtime = await StartRuntimeAsync(serves);
        var host = $"{Tenant}.example.com";

        await ApplyAsync(
            "env",
            $"hosts: [{host}]",
            "argv: ${SCRIPT_NAME} given",
            "env:",
            "- {name: GREETING, value: Grüß dich}",
            "- {name: TOKEN, valueFrom: {secretKeyRef: {name: token, key: token}}}",
            "- {name: PLACE, valueFrom: {configMapKeyRef: {name: place, key: place}}}");
        await ApplyAsync("fetch", $"allowedHosts: [{target.Origin}]", "httpMaxConcurrency: 2");
        await ApplyAsync("endless", "timeout: 300ms", "memoryLimit: 1Mi", "maxConcurrency: 1", "entrypoint: _start");

        await AllAreReadyAsync();

        var env = await GetAsync(runtime, "/env", host);
        Assert.All(["arg 1: given\n", "GREETING=Grüß dich\n", "TOKEN=t0ken\n", "PLACE=here\n"], line => Assert.Contains(line, env, StringComparison.Ordinal));
        Assert.StartsWith("404 ", await GetAsync(runtime, "/env", "another.example.com"), StringComparison.Ordinal);
        Assert.Equal("200 hello", await GetAsync(runtime, $"/fetch?url={Uri.EscapeDataString(target.Origin)}"));
        Assert.StartsWith("403 ", await GetAsync(runtime, $"/fetch?url={Uri.EscapeDataString(System.Registry.Url.ToString())}"), StringComparison.Ordinal);
        Assert.StartsWith("504 ", await GetAsync(runtime, "/endless"), StringComparison.Ordinal);
        Assert.Equal([1, 1, 1], LoadsOf(runtime, "env", "fetch", "endless"));
        Assert.Empty((await runtime.StatusAsync(Cancellation)).Configuration.Problems);
    }

    /// <summary>The runtime does not know of signatures, nor that an entry can require anything.</summary>
    [Fact]
    public async Task ModuleThatMustBeSigned_IsNotServed_ByARuntimeThatCannotVerify()
    {
        Assert.SkipWhen(TestTools.WhyMissing(Cosign.Programs) is not null, TestTools.WhyMissing(Cosign.Programs) ?? "");
        var key = await SignAsync(await System.PushAsync(Checkout.Sample("hello-c")!, $"{Tenant}/signed:v1"));
        await System.PushAsync(Checkout.Sample("hello-c")!, $"{Tenant}/plain:v1");
        StartOperator(Release.This);
        var previous = await StartRuntimeAsync(Release.Previous);
        await ApplyAsync("plain");
        await ApplyAsync("before", $"module: oci://{System.Registry.Address}/{Tenant}/signed:v1");
        await AllAreReadyAsync();

        await System.ControlPlane.MergeAsync(
            "/apis/wagi.dev/v1alpha1/wagiclasses/wagi",
            $$"""{ "spec": { "signatures": [{ "registries": ["{{System.Registry.Address}}/{{Tenant}}/signed"], "keys": [{ "pem": "{{key.Replace("\n", "\\n", StringComparison.Ordinal)}}" }] }] } }""",
            Cancellation);
        await ApplyAsync("signed", $"module: oci://{System.Registry.Address}/{Tenant}/signed:v1");

        foreach (var name in new[] { "signed", "before" })
        {
            var why = await System.ConditionAsync(Tenant, name, "Ready", "False", ModuleReason.UnknownRequirement);
            Assert.StartsWith("every runtime: the entry requires 'signature', and version ", why, StringComparison.Ordinal);
        }

        await System.WaitAsync(Tenant, "plain", "Ready");
        Assert.StartsWith("404 ", await GetAsync(previous, "/signed"), StringComparison.Ordinal);
        Assert.StartsWith("200 ", await GetAsync(previous, "/before"), StringComparison.Ordinal);
        Assert.Equal([1, 1, 0], LoadsOf(previous, "plain", "before", "signed"));

        var runtime = await StartRuntimeAsync(Release.This);
        await StopRuntimeAsync(previous);
        await AllAreReadyAsync();
        foreach (var name in new[] { "signed", "before", "plain" })
        {
            Assert.StartsWith("200 ", await GetAsync(runtime, "/" + name), StringComparison.Ordinal);
        }
    }

    /// <summary>A module at a route of its own name, from the repository of that name unless the spec says something else.</summary>
    private Task ApplyAsync(string name, params string[] spec) => System.ApplyModuleAsync(
        Tenant,
        name,
        [$"route: /{name}", .. spec, .. spec.Any(line => line.StartsWith("module:", StringComparison.Ordinal)) ? Array.Empty<string>() : [$"module: oci://{System.Registry.Address}/{Tenant}/{name}:v1"]]);

    private async Task PushEndlessAsync()
    {
        using var folder = new TempDirectory("endless");
        await File.WriteAllBytesAsync(folder.PathOf("endless.wasm"), Endless, Cancellation);
        await System.PushAsync(folder.PathOf("endless.wasm"), $"{Tenant}/endless:v1");
    }

    /// <returns>The public key, as PEM.</returns>
    private static async Task<string> SignAsync(string reference)
    {
        using var folder = new TempDirectory("skew-key");
        var cosign = new Cosign("cosign3");
        var key = await cosign.GenerateKeyAsync(folder.PathOf("key"), Cancellation);
        await cosign.SignAsync(key, reference["oci://".Length..], cancellationToken: Cancellation);
        return key.PublicKeyPem;
    }

    private static async Task<string> GetAsync(RuntimeProcess runtime, string path, string? host = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Host = host } };
        using var answer = await runtime.Client.SendAsync(request, Cancellation);
        return $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(Cancellation)}";
    }
}
