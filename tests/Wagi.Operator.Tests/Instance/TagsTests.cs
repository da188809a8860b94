using Wagi.Kubernetes.ApiServer;
using Wagi.Oci.Authentication;
using Wagi.Operator.Tags;
using Wagi.Operator.Tests.Cluster;
using Wagi.TestCluster.Registry;

namespace Wagi.Operator.Tests.Instance;

/// <summary>Tags and digests, with a real registry.</summary>
public sealed class TagsTests(ClusterFixture cluster)
{
    private static readonly ResolverOptions Often = new()
    {
        Interval = TimeSpan.FromMilliseconds(300),
        FirstRetry = TimeSpan.FromMilliseconds(100),
        FirstRetryOfFinal = TimeSpan.FromMilliseconds(100),
        FirstProbe = TimeSpan.FromMilliseconds(100),
        LongestProbe = TimeSpan.FromMilliseconds(500),
    };

    [Fact]
    public async Task MovedTag_ChangesTheDigest()
    {
        var registry = await cluster.RegistryAsync();
        await using var test = await TestOperator.StartAsync(cluster, options => options with { Tags = Often });
        var repository = $"{registry.Address}/{test.Tenant}/hello";
        var first = await TestModules.PushAsync($"{repository}:v1", "first");
        await test.ApplyModuleAsync("hello", $$"""{ route: /hello, module: "oci://{{repository}}:v1" }""");
        await test.TomlBecomesAsync(toml => toml.Contains(first, StringComparison.Ordinal), "the first digest");

        var second = await TestModules.PushAsync($"{repository}:v1", "second");

        await test.TomlBecomesAsync(
            toml => toml.Contains(second, StringComparison.Ordinal) && !toml.Contains(first, StringComparison.Ordinal), "the second digest");
        Assert.NotEqual(first, second);
    }

    [Fact]
    public async Task MissingTagAndMissingRepository_AreToldApart_AndTakenUpWhenPushed()
    {
        var registry = await cluster.RegistryAsync();
        await using var test = await TestOperator.StartAsync(cluster, options => options with { Tags = Often });
        var repository = $"{registry.Address}/{test.Tenant}/hello";
        await TestModules.PushAsync($"{repository}:v1", "first");

        await test.ApplyModuleAsync("no-tag", $$"""{ route: /a, module: "{{repository}}:v9" }""");
        await test.ApplyModuleAsync("no-repository", $$"""{ route: /b, module: "{{repository}}-not:v1" }""");
        await test.ApplyModuleAsync("no-host", """{ route: /c, module: "registry.invalid/hello:v1" }""");
        await test.ApplyModuleAsync("fine", $$"""{ route: /d, module: "{{repository}}:v1" }""");

        Assert.Contains("tag 'v9'", await test.ConditionBecomesAsync("no-tag", "Resolved", "False/NotFound"), StringComparison.Ordinal);
        Assert.Contains("-not'", await test.ConditionBecomesAsync("no-repository", "Resolved", "False/NotFound"), StringComparison.Ordinal);
        Assert.Contains("registry.invalid", await test.ConditionBecomesAsync("no-host", "Resolved", "False/RegistryUnreachable"), StringComparison.Ordinal);
        await test.ConditionBecomesAsync("fine", "Programmed", "True/");

        await TestModules.PushAsync($"{repository}:v9", "ninth");
        await test.ConditionBecomesAsync("no-tag", "Programmed", "True/");
    }

    [Fact]
    public async Task RegistryThatIsDown_TakesNothingAway_NotEvenFromAnOperatorThatStarts()
    {
        ClusterFixture.SkipWithoutRegistry();
        await using var registry = await RegistryServer.StartAsync();
        await using var test = await TestOperator.StartAsync(cluster, options => options with { Tags = Often });
        var digest = await TestModules.PushAsync($"{registry.Address}/hello:v1", "first");
        await test.ApplyModuleAsync("hello", $$"""{ route: /hello, module: "{{registry.Address}}/hello:v1" }""");
        var served = await test.TomlBecomesAsync(toml => toml.Contains(digest, StringComparison.Ordinal), "the digest");

        await registry.StopAsync();
        await test.ConditionBecomesAsync("hello", "Resolved", "True/ResolvedBefore");
        await test.StopAsync();
        await test.StartAgainAsync();
        await test.ApplyModuleAsync("other", $$"""{ route: /other, module: "{{registry.Address}}/other@{{digest}}" }""");
        var toml = await test.TomlBecomesAsync(toml => toml.Contains("/other", StringComparison.Ordinal), "a module that needs no registry");
        Assert.Contains($"/hello@{digest}", served, StringComparison.Ordinal);
        Assert.Contains($"/hello@{digest}", toml, StringComparison.Ordinal);

        await registry.StartAgainAsync(TestContext.Current.CancellationToken);
        await test.ConditionBecomesAsync("hello", "Resolved", "True/Resolved:");
    }

    [Fact]
    public async Task RestartedOperator_TellsNothingThatWasToldAlready()
    {
        var registry = await cluster.RegistryAsync();
        await using var test = await TestOperator.StartAsync(cluster);
        var repository = $"{registry.Address}/{test.Tenant}/hello";
        await TestModules.PushAsync($"{repository}:v1", "first");
        await test.ApplyModuleAsync("fine", $$"""{ route: /fine, module: "{{repository}}:v1" }""");
        await test.ApplyModuleAsync("failing", $$"""{ route: /failing, module: "{{repository}}:v2" }""");
        await test.ConditionBecomesAsync("fine", "Programmed", "True/");
        await test.ConditionBecomesAsync("failing", "Resolved", "False/NotFound");
        await test.StopAsync();
        var told = await ToldAsync();

        await test.StartAgainAsync();
        // It has asked for both tags once it has an answer for a third.
        await test.ApplyModuleAsync("third", $$"""{ route: /third, module: "{{repository}}:v1" }""");
        await test.ConditionBecomesAsync("third", "Programmed", "True/");

        Assert.Equal(told, await ToldAsync());

        async Task<string> ToldAsync()
        {
            var events = (await test.ListAsync(ApiResource.Events))
                .Where(e => (string?)e["involvedObject"]!["name"] != "third").Sum(e => (int)e["count"]!);
            var versions = await Task.WhenAll(new[] { "fine", "failing" }.Select(async name => (string?)(await test.ModuleAsync(name))!["metadata"]!["resourceVersion"]));
            return $"{events} events, {string.Join(' ', versions)}";
        }
    }

    [Fact]
    public async Task PrivateRegistry_IsAskedWithThePullSecret_OfTheNamespace()
    {
        ClusterFixture.SkipWithoutRegistry();
        await using var registry = await RegistryServer.StartAsync(new RegistryOptions { Authentication = RegistryAuthentication.Basic });
        await using var test = await TestOperator.StartAsync(cluster, options => options with { Tags = Often });
        var reference = $"{registry.Address}/private:v1";
        await TestModules.PushAsync(reference, "first", DockerConfigCredentialStore.FromPullSecret(
            $$$$"""{"auths":{"{{{{registry.Address}}}}":{"username":"{{{{registry.User}}}}","password":"{{{{registry.Password}}}}"}}}"""));

        await test.ApplyModuleAsync("hello", $$"""{ route: /hello, module: "{{reference}}", imagePullSecrets: [{ name: registry }] }""");
        await test.ConditionBecomesAsync("hello", "Resolved", "False/SecretNotFound");

        await PullSecretAsync("wrong password");
        var told = await test.ConditionBecomesAsync("hello", "Resolved", "False/Unauthorized");
        Assert.DoesNotContain("wrong password", told, StringComparison.Ordinal);

        await test.KubectlAsync("delete", "secret", "registry", "-n", test.Tenant);
        await PullSecretAsync(registry.Password);
        await test.ConditionBecomesAsync("hello", "Programmed", "True/");
        Assert.DoesNotContain(registry.Password, await test.TomlAsync(), StringComparison.Ordinal);

        Task PullSecretAsync(string password) => test.KubectlAsync(
            "create", "secret", "docker-registry", "registry", "-n", test.Tenant,
            $"--docker-server={registry.Address}", $"--docker-username={registry.User}", $"--docker-password={password}");
    }
}
