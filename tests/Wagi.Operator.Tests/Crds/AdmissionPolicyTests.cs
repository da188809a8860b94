using System.Text.RegularExpressions;
using Wagi.Operator.Resources;
using Wagi.Operator.Tests.Cluster;
using Wagi.TestCluster;
using Wagi.TestCluster.Kubernetes;

namespace Wagi.Operator.Tests.Crds;

/// <summary>The admission policy that docs/security.md offers to administrators.</summary>
public sealed partial class AdmissionPolicyTests
{
    private static readonly Version FirstWithPolicies = new(1, 30);

    [Fact]
    public async Task DocumentedPolicy_RefusesWhatItSays()
    {
        Assert.SkipWhen(TestTools.WhyMissing(ControlPlane.Programs) is not null, TestTools.WhyMissing(ControlPlane.Programs) ?? "");
        // A policy is the whole cluster's: one of its own.
        await using var api = await ControlPlane.StartAsync(TestContext.Current.CancellationToken);
        Assert.SkipWhen(api.ServerVersion < FirstWithPolicies, $"Kubernetes {api.ServerVersion} knows no ValidatingAdmissionPolicy");
        await api.ApplyCrdsAsync(ClusterFixture.Crds);
        var page = await File.ReadAllTextAsync(Path.Combine(ClusterFixture.Crds, "..", "docs", "security.md"), TestContext.Current.CancellationToken);
        await api.ApplyAsync(Policy().Match(page).Groups["yaml"].Value);

        const string Good = "route: /default/a, module: r.example/a, memoryLimit: 64Mi";
        // A policy takes a moment to be in force.
        await Eventually.Becomes(
            _ => RefusalAsync("route: /other, module: r.example/a, memoryLimit: 64Mi"),
            refusal => refusal.Contains("a route begins with the namespace's name", StringComparison.Ordinal),
            cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal("", await RefusalAsync(Good));
        Assert.Contains("modules come from registries", await RefusalAsync("route: /default/a, module: 'bindle:x/1', memoryLimit: 64Mi"), StringComparison.Ordinal);
        Assert.Contains("modules come from registries", await RefusalAsync("route: /default/a, module: 'Bindle:x/1', memoryLimit: 64Mi"), StringComparison.Ordinal);
        Assert.Contains(
            "modules come from registries",
            await RefusalAsync("route: /default/a, module: 'bindle:x/1', bindleServer: 'http://169.254.169.254/', memoryLimit: 64Mi"),
            StringComparison.Ordinal);
        Assert.Contains("name the hosts", await RefusalAsync($"{Good}, allowedHosts: ['insecure:allow-all']"), StringComparison.Ordinal);
        Assert.Contains("maxConcurrency is at most 64", await RefusalAsync($"{Good}, maxConcurrency: 65"), StringComparison.Ordinal);
        Assert.Contains("memoryLimit is given, in Mi", await RefusalAsync("route: /default/a, module: r.example/a"), StringComparison.Ordinal);

        async Task<string> RefusalAsync(string spec)
        {
            var result = await api.KubectlAsync(
                ["create", "--dry-run=server", "-f", "-"],
                $"apiVersion: wagi.dev/v1alpha1\nkind: WagiModule\nmetadata: {{name: tried, namespace: default}}\nspec: {{{spec}}}\n");
            return result.ExitCode == 0 ? "" : result.Stderr;
        }
    }

    [GeneratedRegex("""```yaml\n(?<yaml>[^`]*kind: ValidatingAdmissionPolicy\n[^`]*)```""")]
    private static partial Regex Policy();
}
