using Wagi.Operator.Tests.Cluster;

namespace Wagi.Operator.Tests.Instance;

public sealed class ServingModulesTests(ClusterFixture cluster)
{
    private const string Digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    [Fact]
    public async Task WagiModule_BecomesAnEntry_OfTheConfigMap()
    {
        await using var test = await TestOperator.StartAsync(cluster);
        await test.ApplyModuleAsync("hello", $$"""{ route: /hello, module: "127.0.0.1:5000/samples/hello@{{Digest}}" }""");

        var toml = await test.TomlBecomesAsync(toml => toml.Contains("/hello", StringComparison.Ordinal), "the entry");
        Assert.Contains($"id = \"{test.Tenant}/hello\"", toml, StringComparison.Ordinal);
        await test.ConditionBecomesAsync("hello", "Programmed", "True/");
    }
}
