using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using Wagi.Operator.Tests.Cluster;
using Wagi.TestCluster;

namespace Wagi.Operator.Tests.Instance;

/// <summary>An API server that does not take all that the operator writes, as one behind admission webhooks.</summary>
public sealed class RefusalsTests(ClusterFixture cluster)
{
    private const string Digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    private static string ByDigest(string route) => $$"""{ route: "{{route}}", module: "127.0.0.1:5000/samples/hello@{{Digest}}" }""";

    [Fact]
    public async Task StatusThatIsRefused_KeepsNoOtherFromBeingWritten()
    {
        await using var test = await TestOperator.CreateAsync(await cluster.ControlPlaneAsync());
        foreach (var name in new[] { "aaa", "bbb", "ccc" })
        {
            await test.ApplyModuleAsync(name, ByDigest("/" + name));
        }

        test.Intercept = (request, _) => request.RequestUri!.AbsolutePath.EndsWith("/aaa/status", StringComparison.Ordinal)
            ? new HttpResponseMessage(HttpStatusCode.UnprocessableEntity)
            : null;
        await test.StartAgainAsync();

        await test.ConditionBecomesAsync("bbb", "Programmed", "True/");
        await test.ConditionBecomesAsync("ccc", "Programmed", "True/");
        Assert.Equal("", await test.ConditionAsync("aaa", "Programmed"));
    }

    [Fact]
    public async Task EntryBecauseOfWhichTheConfigMapIsRefused_KeepsNoOtherFromBeingServed()
    {
        await using var test = await TestOperator.CreateAsync(await cluster.ControlPlaneAsync());
        foreach (var name in new[] { "bad", "bbb", "ccc" })
        {
            await test.ApplyModuleAsync(name, ByDigest("/" + name));
        }

        test.Intercept = (request, body) => request.Method == HttpMethod.Patch
            && request.RequestUri!.AbsolutePath.Contains("/configmaps/", StringComparison.Ordinal) && body.Contains("/bad", StringComparison.Ordinal)
            ? new HttpResponseMessage(HttpStatusCode.UnprocessableEntity) { Content = new StringContent("""{"reason":"Invalid","message":"no bad routes"}""") }
            : null;
        await test.StartAgainAsync();

        await test.ConditionBecomesAsync("bbb", "Programmed", "True/");
        Assert.Contains("no bad routes", await test.ConditionBecomesAsync("bad", "Accepted", "False/InvalidSpec"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ServerWithTooMuchToDo_IsLeftAlone_AsLongAsItAsks()
    {
        await using var test = await TestOperator.CreateAsync(await cluster.ControlPlaneAsync());
        var asked = new ConcurrentQueue<long>();
        test.Intercept = (request, _) =>
        {
            if (request.Method != HttpMethod.Patch || !request.RequestUri!.AbsolutePath.EndsWith("/secrets/wagi-modules", StringComparison.Ordinal))
            {
                return null;
            }

            asked.Enqueue(Stopwatch.GetTimestamp());
            return asked.Count == 1
                ? new HttpResponseMessage(HttpStatusCode.TooManyRequests) { Headers = { RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(3)) } }
                : null;
        };
        await test.ApplyModuleAsync("hello", ByDigest("/hello"));
        await test.StartAgainAsync();

        await test.ConditionBecomesAsync("hello", "Programmed", "True/");

        var times = asked.ToArray();
        Assert.InRange(Stopwatch.GetElapsedTime(times[0], times[1]).TotalSeconds, 2.9, 20);
    }

    /// <summary>An event is a courtesy: no status waits for it.</summary>
    [Fact]
    public async Task ServerWithTooMuchToDo_IsSentNoMoreEvents_AndGetsItsStatuses()
    {
        await using var test = await TestOperator.CreateAsync(await cluster.ControlPlaneAsync());
        var asked = 0;
        test.Intercept = (request, _) =>
        {
            if (!request.RequestUri!.AbsolutePath.Contains("/events", StringComparison.Ordinal))
            {
                return null;
            }

            Interlocked.Increment(ref asked);
            return new HttpResponseMessage(HttpStatusCode.TooManyRequests) { Headers = { RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromMinutes(4)) } };
        };
        await test.StartAgainAsync();
        await test.ApplyModuleAsync("first", ByDigest("/first"));
        await Eventually.Becomes(() => Volatile.Read(ref asked), requests => requests > 0);

        foreach (var name in new[] { "aaa", "bbb", "ccc" })
        {
            await test.ApplyModuleAsync(name, ByDigest("/" + name));
            await test.ConditionBecomesAsync(name, "Programmed", "True/");
        }

        Assert.Equal(1, Volatile.Read(ref asked));
    }

    [Fact]
    public async Task StatusThatNobodyCanRead_IsOverwritten_AndHidesNoOtherModule()
    {
        await using var test = await TestOperator.CreateAsync(await cluster.ControlPlaneAsync());
        await test.ApplyModuleAsync("odd", ByDigest("/odd"));
        await test.ApplyModuleAsync("fine", ByDigest("/fine"));
        await test.SetModuleStatusAsync("odd", """{ "runtimes": { "ready": 99999999999, "total": 1, "summary": "x" } }""");

        await test.StartAgainAsync();

        await test.ConditionBecomesAsync("fine", "Programmed", "True/");
        await test.ConditionBecomesAsync("odd", "Programmed", "True/");
    }
}
