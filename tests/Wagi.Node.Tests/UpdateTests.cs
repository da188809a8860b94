using Wagi.Node.Tests.Cluster;
using Wagi.TestCluster;
using Wagi.TestCluster.Product;

namespace Wagi.Node.Tests;

/// <summary>What changes under load: no request may fail.</summary>
public sealed class UpdateTests(NodeFixture fixture) : NodeTests(fixture)
{
    [Fact]
    public Task UpdatedModule_FailsNoRequest() => UnderLoadAsync("module_update", async (space, update) =>
    {
        await System.Modules.ApplyAsync(space, "hello", $"route: /{space}", $"module: {update}");
        await Eventually.Becomes(
            token => System.Client.GetStringAsync($"/{space}", token),
            body => body == "Hello, world (version 2)\n",
            cancellationToken: Cancellation);
        await System.Modules.WaitAsync(space, "hello", "Ready");
    });

    [Theory]
    [InlineData(InstalledSystem.Runtime)]
    [InlineData(InstalledSystem.Operator)]
    public Task RollingUpdate_FailsNoRequest(string deployment) => UnderLoadAsync($"{deployment[5..]}_rollout", async (_, _) =>
    {
        var before = await System.PodsAsync(deployment);
        await System.KubectlAsync("rollout", "restart", $"deployment/{deployment}", "--namespace", InstalledSystem.Namespace);
        await System.RolledOutAsync();
        Assert.Empty(before.Intersect(await System.PodsAsync(deployment)));

        // The old pods still drain when the new ones are there.
        foreach (var pod in before)
            await System.KubectlAsync("wait", "--for=delete", "--timeout=90s", $"pod/{pod}", "--namespace", InstalledSystem.Namespace);
    });

    /// <param name="name">For the figures.</param>
    /// <param name="change">What happens under load, with the namespace of the module and the reference of its next version.</param>
    private async Task UnderLoadAsync(string name, Func<string, string, Task> change)
    {
        Assert.SkipWhen(TestTools.WhyMissing(WrkLoad.Program) is not null, TestTools.WhyMissing(WrkLoad.Program) ?? "");
        Assert.SkipWhen(Checkout.WhyNoSample("hello-c-v2") is not null, Checkout.WhyNoSample("hello-c-v2") ?? "");
        var space = await System.Modules.CreateNamespaceAsync();
        var module = await System.PushAsync(Checkout.Sample("hello-c")!, $"{space}/hello:v1");
        var update = await System.PushAsync(Checkout.Sample("hello-c-v2")!, $"{space}/hello:v2");
        await System.Modules.ApplyAsync(space, "hello", $"route: /{space}", $"module: {module}");
        await System.Modules.WaitAsync(space, "hello", "Ready");

        await using var load = WrkLoad.On(new Uri(System.Client.BaseAddress!, $"/{space}"));
        await change(space, update);
        var result = await load.StopAsync(Cancellation);

        Figures.Print($"node_{name}_failed_requests", result.Failed, "requests");
        Figures.Print($"node_{name}_requests", result.Answered, "requests");
        Assert.True(result.Failed == 0, result.Report);
        Assert.True(result.Answered > 100, result.Report);
    }
}
