using System.Net;
using System.Text.RegularExpressions;
using Wagi.Node.Tests.Cluster;
using Wagi.TestCluster;
using Wagi.TestCluster.Product;

namespace Wagi.Node.Tests;

/// <summary>Who reaches the operator's console in a cluster.</summary>
public sealed partial class OperatorConsoleTests(NodeFixture fixture) : NodeTests(fixture)
{
    [Fact]
    public async Task Console_IsReachedByPortForward_AndNotAtThePodsAddress()
    {
        await using var forward = ProductProcess.Start(
            TestTools.Require("kubectl"), "--kubeconfig", System.ControlPlane.KubeconfigPath, "--namespace", InstalledSystem.Namespace, "port-forward",
            $"deployment/{InstalledSystem.Operator}", ":8082");
        var url = await forward.WaitForLogAsync(log => Forwarding.Match(log) is { Success: true } match ? $"http://{match.Groups["address"].Value}" : null, Cancellation);
        var pod = (await System.PodsAsync(InstalledSystem.Operator))[0];
        var address = await System.KubectlAsync("get", "pod", pod, "--namespace", InstalledSystem.Namespace, "--output", "jsonpath={.status.podIP}");
        using var http = new HttpClient();

        foreach (var path in new[] { "/", "/console/data", "/console/modules" })
        {
            using var shown = await http.GetAsync(url + path, Cancellation);
            Assert.Equal(HttpStatusCode.OK, shown.StatusCode);
            using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{address}:8082{path}");
            request.Headers.Host = "localhost";
            using var refused = await http.SendAsync(request, Cancellation);
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        }

        using var metrics = await http.GetAsync($"http://{address}:8082/metrics", Cancellation);
        Assert.Equal(HttpStatusCode.OK, metrics.StatusCode);
    }

    [GeneratedRegex(@"Forwarding from (?<address>127\.0\.0\.1:\d+) ->")]
    private static partial Regex Forwarding { get; }
}
