using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Wagi.Operator.Tests.Cluster;
using Wagi.TestCluster;

namespace Wagi.Operator.Tests.Instance;

/// <summary>An API server that takes its time with statuses: what the runtimes read does not wait for them.</summary>
public sealed class SlowStatusesTests(ClusterFixture cluster)
{
    private const string Digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentQueue<(string Path, string Body)> _written = [];
    private int _waiting;

    private static string ByDigest(string route) => $$"""{ route: "{{route}}", module: "127.0.0.1:5000/samples/hello@{{Digest}}" }""";

    [Fact]
    public async Task ConfigMap_IsWritten_WhileAStatusIs()
    {
        await using var test = await StartAsync();
        await test.ApplyModuleAsync("first", ByDigest("/first"));
        await Eventually.Becomes(() => Volatile.Read(ref _waiting), waiting => waiting == 1);

        await test.ApplyModuleAsync("second", ByDigest("/second"));

        await test.TomlBecomesAsync(toml => toml.Contains("/second", StringComparison.Ordinal), "the second entry", TimeSpan.FromSeconds(10));
        Assert.Equal("", await test.ConditionAsync("first", "Programmed"));
        _gate.SetResult();
        await test.ConditionBecomesAsync("first", "Programmed", "True/");
        await test.ConditionBecomesAsync("second", "Programmed", "True/");
    }

    [Fact]
    public async Task StatusThatANewerPlanReplaces_IsNeverWritten()
    {
        await using var test = await StartAsync();
        await test.ApplyModuleAsync("first", ByDigest("/first"));
        await Eventually.Becomes(() => Volatile.Read(ref _waiting), waiting => waiting == 1);
        foreach (var route in new[] { "/a", "/b", "/c" })
        {
            await test.ApplyModuleAsync("second", ByDigest(route));
            await test.TomlBecomesAsync(toml => toml.Contains($"\"{route}\"", StringComparison.Ordinal), route, TimeSpan.FromSeconds(10));
        }

        _gate.SetResult();
        await test.ConditionBecomesAsync("second", "Programmed", "True/");

        Assert.All(
            _written.Where(written => written.Path.EndsWith("/second/status", StringComparison.Ordinal)),
            written => Assert.Equal(3, (int?)JsonNode.Parse(written.Body)!["status"]!["observedGeneration"]));
    }

    /// <summary>An operator whose writes of statuses wait for the gate.</summary>
    private async Task<TestOperator> StartAsync()
    {
        var test = await TestOperator.CreateAsync(await cluster.ControlPlaneAsync());
        test.HoldUp = request =>
        {
            if (!request.RequestUri!.AbsolutePath.EndsWith("/status", StringComparison.Ordinal))
            {
                return Task.CompletedTask;
            }

            Interlocked.Increment(ref _waiting);
            return _gate.Task;
        };
        test.Intercept = (request, body) =>
        {
            _written.Enqueue((request.RequestUri!.AbsolutePath, body));
            return null;
        };
        await test.StartAgainAsync();
        return test;
    }
}
