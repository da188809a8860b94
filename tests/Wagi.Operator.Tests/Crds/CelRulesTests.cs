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

    private async Task<(HttpStatusCode Status, string Message)> CreateAsync(string manifest)
    {
        var server = await cluster.CrdServerAsync();
        return await server.CreateAsync($"{ClusterFixture.WagiModulesPath}?dryRun=All", manifest, TestContext.Current.CancellationToken);
    }
}
