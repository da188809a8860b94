using Wagi.TestCluster;
using Wagi.TestCluster.Pages;
using Wagi.TestCluster.Processes;
using YamlDotNet.RepresentationModel;

namespace Wagi.Docs.Tests.Examples;

/// <summary>The health check for Argo CD in <c>docs/gitops.md</c>, run by Lua 5.1, the version that Argo CD has.</summary>
public sealed class HealthCheckTests
{
    private const string Key = "resource.customizations.health.wagi.dev_WagiModule";

    [Theory]
    [InlineData("nil", "Progressing", "waiting for the operator")]
    [InlineData("{observedGeneration=1, conditions={{type='Ready', status='True', reason='Ready', message='served by the runtime'}}}", "Progressing", "waiting for the operator")]
    [InlineData("{observedGeneration=2, conditions={{type='Accepted', status='True'}, {type='Ready', status='True', reason='Ready', message='served by the runtime'}}}", "Healthy", "Ready: served by the runtime")]
    [InlineData("{observedGeneration=2, conditions={{type='Ready', status='False', reason='Loading', message='1 of 2 runtimes'}}}", "Progressing", "Loading: 1 of 2 runtimes")]
    [InlineData("{observedGeneration=2, conditions={{type='Ready', status='False', reason='RouteConflict', message='taken'}, {type='Stalled', status='True', reason='RouteConflict', message='taken'}}}", "Degraded", "RouteConflict: taken")]
    public async Task WagiModule_IsSeenAsItsConditionsSay(string status, string health, string message)
    {
        Assert.SkipWhen(TestTools.WhyMissing("lua5.1") is not null, TestTools.WhyMissing("lua5.1") ?? "");
        var script = $"local function check(obj)\n{Script()}end\nlocal health = check({{metadata={{generation=2}}, status={status}}})\nprint(health.status)\nprint(health.message)\n";

        var result = await Command.RunAsync("lua5.1", ["-"], stdin: script, cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal($"{health}\n{message}\n", result.EnsureSuccess().Stdout);
    }

    private static string Script()
    {
        var block = Assert.Single(Page.Get("docs/gitops.md").Blocks, block => block.Text.Contains(Key, StringComparison.Ordinal));
        var stream = new YamlStream();
        stream.Load(new StringReader(block.Text));
        return ((YamlScalarNode)stream.Documents[0].RootNode["data"][Key]).Value!;
    }
}
