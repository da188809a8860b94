using System.Net;
using Wagi.Operator.Tests.Cluster;
using Wagi.Operator.Tests.Resources;
using Wagi.TestCluster.Kubernetes;

namespace Wagi.Operator.Tests.Crds;

/// <summary>The CRD's schema and CEL rules on a current server, whatever the age of the API server of <see cref="ApiServerValidationTests"/>.</summary>
public sealed class CelRulesTests(ClusterFixture cluster)
{
    [Theory]
    [MemberData(nameof(BadSpecs.All), MemberType = typeof(BadSpecs))]
    public async Task BadSpec_IsRefused_InOurWords(BadSpec bad)
    {
        var (status, message) = await CreateAsync(bad.Manifest);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
        Assert.Contains(bad.Field.Split('[')[0], message, StringComparison.Ordinal);
        if (bad.Message is not null)
        {
            Assert.Contains(bad.Message, message, StringComparison.Ordinal);
        }

        // What CEL says of a rule that it could not evaluate.
        Assert.DoesNotContain("evaluating rule", message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(GoodSpecs.All), MemberType = typeof(GoodSpecs))]
    public async Task GoodSpec_IsTaken(string spec) =>
        Assert.Equal((HttpStatusCode.Created, ""), await CreateAsync(GoodSpecs.Manifest(spec)));

    [Theory]
    [InlineData("{ routes: { mode: Prefix }, hosts: ['{namespace}.example.com'], limits: { timeout: { max: 30s } } }", "")]
    [InlineData("{ signatures: [{ registries: ['*'], keys: [{ secretKeyRef: { name: cosign, key: cosign.pub } }] }] }", "")]
    [InlineData("{ signatures: [{ registries: ['*'], keys: [{ }] }] }", "give exactly one of pem and secretKeyRef")]
    [InlineData("{ signatures: [{ registries: ['*'], keys: [] }] }", "spec.signatures[0].keys")]
    [InlineData("{ routes: { mode: prefix } }", "spec.routes.mode")]
    [InlineData("{ namespaces: { matchExpressions: [{ key: a, operator: Like }] } }", "spec.namespaces.matchExpressions[0].operator")]
    public async Task Class_IsTaken_OrRefusedInOurWords(string spec, string message)
    {
        var (status, said) = await CreateAsync(
            $"apiVersion: wagi.dev/v1alpha1\nkind: WagiClass\nmetadata: {{ name: tried }}\nspec: {spec}\n", ClusterFixture.WagiClassesPath);

        Assert.Equal(message.Length == 0 ? HttpStatusCode.Created : HttpStatusCode.UnprocessableEntity, status);
        Assert.Contains(message, said, StringComparison.Ordinal);
    }

    private async Task<(HttpStatusCode Status, string Message)> CreateAsync(string manifest, string path = ClusterFixture.WagiModulesPath)
    {
        var server = await cluster.CrdServerAsync();
        return await server.CreateAsync($"{path}?dryRun=All", manifest, TestContext.Current.CancellationToken);
    }
}
