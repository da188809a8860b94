using System.Net;
using Wagi.TestCluster;
using Wagi.TestCluster.Product;

namespace Wagi.EndToEnd.Skew;

/// <summary>From the previous version to this one, as <c>helm upgrade</c> does it: the CRDs, then operator and runtime at different moments.</summary>
public sealed class UpgradeTests(SkewFixture fixture) : SkewTests(fixture)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Upgrade_FailsNoRequest_AndHasNothingLoadedAgain(bool isOperatorFirst)
    {
        await System.ControlPlane.KubectlAsync("delete", "crd", "wagiclasses.wagi.dev");
        await System.ControlPlane.ApplyCrdsAsync(Release.Previous.Crds, Cancellation);
        await System.ControlPlane.KubectlAsync("create", "secret", "generic", "token", "--from-literal=token=t0ken", "-n", Tenant);
        await System.PushAsync(Checkout.Sample("hello-c")!, $"{Tenant}/hello:v1");
        var oldOperator = StartOperator(Release.Previous);
        var oldRuntime = await StartRuntimeAsync(Release.Previous);
        await ApplyAsync("hello", "hosts: [\"*.example.com\", b.example.com, a.example.com, 127.0.0.1]", "timeout: 90s", "memoryLimit: 64Mi");
        await ApplyAsync("secret", "env: [{name: TOKEN, valueFrom: {secretKeyRef: {name: token, key: token}}}, {name: A, value: b}]", "allowedHosts: [https://b.example.com, https://a.example.com]");
        await AllAreReadyAsync();
        await using var before = await Load.StartAsync(oldRuntime.Client, $"/{Tenant}/hello", clients: 2);

        await System.ControlPlane.ApplyCrdsAsync(Release.This.Crds, Cancellation);
        if (isOperatorFirst)
        {
            await ReplaceAsync(oldOperator);
        }

        // Whoever writes by now is heard by the runtime from before.
        await ApplyAsync("mixed");
        await AllAreReadyAsync();
        var runtime = await StartRuntimeAsync(Release.This);
        await AllAreReadyAsync();
        await using var after = await Load.StartAsync(runtime.Client, $"/{Tenant}/hello", clients: 2);
        Assert.Empty(await before.StopAsync());
        await StopRuntimeAsync(oldRuntime);

        // And by the new one.
        await ApplyAsync("alone");
        await AllAreReadyAsync();
        if (!isOperatorFirst)
        {
            await ReplaceAsync(oldOperator);
        }

        await ApplyAsync("last");
        await AllAreReadyAsync();
        Assert.Empty(await after.StopAsync());
        Assert.Equal([1, 1, 1], LoadsOf(oldRuntime, "hello", "secret", "mixed"));
        Assert.Equal([1, 1, 1, 1, 1], LoadsOf(runtime, "hello", "secret", "mixed", "alone", "last"));
        Assert.Equal(HttpStatusCode.OK, (await runtime.Client.GetAsync($"/{Tenant}/secret", Cancellation)).StatusCode);
    }

    /// <summary>The new one waits for the Lease, as a new pod does while the old one ends.</summary>
    private async Task ReplaceAsync(ProductProcess old)
    {
        var next = StartOperator(Release.This);
        Assert.Equal(0, await old.TerminateAsync(Cancellation));
        await next.WaitForLogAsync(log => log.Contains(" leads", StringComparison.Ordinal) ? log : null, Cancellation);
    }

    private Task ApplyAsync(string name, params string[] spec) =>
        System.ApplyModuleAsync(Tenant, name, [$"route: /{Tenant}/{name}", $"module: oci://{System.Registry.Address}/{Tenant}/hello:v1", .. spec]);
}
