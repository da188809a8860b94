using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Wagi.Kubernetes.ApiServer;
using Wagi.Operator.Tests.Cluster;
using Wagi.Operator.Tests.Runtimes;
using Wagi.TestCluster;

namespace Wagi.Operator.Tests.Instance;

/// <summary>Runtime pods as a current API server has them, that is with nothing in their metadata but what somebody put there.</summary>
public sealed class RuntimePodsTests(ClusterFixture cluster)
{
    private const string Digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    private const string Ready = """[{ "type": "Ready", "status": "True" }]""";
    private const string NotReady = """[{ "type": "Ready", "status": "False" }]""";

    [Fact]
    public async Task PodWithoutAnnotations_IsMarked_AndItsModulesBecomeReady()
    {
        await using var test = await TestOperator.CreateAsync(await cluster.ControlPlaneAsync());
        await using var runtime = await StartRuntimeAsync(test, "runtime");
        Assert.Null((await PodAsync(test, "runtime"))["metadata"]!["annotations"]);
        await test.StartAgainAsync();

        await test.ApplyModuleAsync("hello", Spec("/hello"));

        await test.ConditionBecomesAsync("hello", "Ready", "True/Ready");
        await Eventually.Becomes(
            _ => PodAsync(test, "runtime"),
            pod => ((string?)pod["metadata"]!["annotations"]?["wagi.dev/modules-digest"] ?? "").StartsWith("sha256:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ConfigMapAndStatus_AreWritten_WhileAPodIsAnnotated()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var waiting = 0;
        await using var test = await TestOperator.CreateAsync(await cluster.ControlPlaneAsync());
        await using var runtime = await StartRuntimeAsync(test, "runtime");
        test.HoldUp = request =>
        {
            if (request.Method != HttpMethod.Patch || !request.RequestUri!.AbsolutePath.EndsWith("/pods/runtime", StringComparison.Ordinal))
            {
                return Task.CompletedTask;
            }

            Interlocked.Increment(ref waiting);
            return gate.Task;
        };
        await test.StartAgainAsync();
        await Eventually.Becomes(() => Volatile.Read(ref waiting), requests => requests == 1);

        await test.ApplyModuleAsync("hello", Spec("/hello"));

        await test.TomlBecomesAsync(toml => toml.Contains("/hello", StringComparison.Ordinal), "the entry", TimeSpan.FromSeconds(10));
        await test.ConditionBecomesAsync("hello", "Programmed", "True/");
        Assert.Equal(1, Volatile.Read(ref waiting));
        gate.SetResult();
        await test.ConditionBecomesAsync("hello", "Ready", "True/Ready");
        await Eventually.Becomes(() => Volatile.Read(ref waiting), requests => requests > 1);
    }

    /// <summary>A kubelet may have looked before it heard of the new ConfigMap.</summary>
    [Fact]
    public async Task PodThatGoesOnReportingTheOldFile_IsAnnotatedAgain_WithAPauseBetween()
    {
        var pause = TimeSpan.FromSeconds(1);
        await using var test = await TestOperator.CreateAsync(
            await cluster.ControlPlaneAsync(), options => options with { RuntimePace = options.RuntimePace with { Behind = pause } });
        await using var runtime = await FakeRuntime.StartAsync(_ => Task.FromResult<string?>("# old"));
        test.Options = test.Options with { RuntimeAdminPort = runtime.Url.Port };
        await CreatePodAsync(test, "runtime", "127.0.0.1", Ready);
        await test.StartAgainAsync();
        await test.ApplyModuleAsync("hello", Spec("/hello"));
        await test.ConditionBecomesAsync("hello", "Ready", "False/Updating");

        var first = await MarkedAsync(_ => true);
        var second = await MarkedAsync(marked => marked.At > first.At);
        var third = await MarkedAsync(marked => marked.At > second.At);

        Assert.Equal((first.Digest, first.Digest), (second.Digest, third.Digest));
        Assert.InRange(third.At - second.At, pause, TimeSpan.FromSeconds(20));

        Task<(string? Digest, DateTimeOffset At)> MarkedAsync(Func<(string? Digest, DateTimeOffset At), bool> expected) => Eventually.Becomes(
            async _ =>
            {
                var annotations = (await PodAsync(test, "runtime"))["metadata"]!["annotations"]!;
                return ((string?)annotations["wagi.dev/modules-digest"], DateTimeOffset.Parse((string)annotations["wagi.dev/modules-digest-at"]!, CultureInfo.InvariantCulture));
            },
            expected);
    }

    [Fact]
    public async Task ServerWithTooMuchToDo_IsSentNoMoreMarks_AsLongAsItAsks()
    {
        await using var test = await TestOperator.CreateAsync(await cluster.ControlPlaneAsync());
        await using var runtime = await StartRuntimeAsync(test, "runtime");
        var asked = new ConcurrentQueue<long>();
        test.Intercept = (request, _) =>
        {
            if (request.Method != HttpMethod.Patch || !request.RequestUri!.AbsolutePath.EndsWith("/pods/runtime", StringComparison.Ordinal))
            {
                return null;
            }

            asked.Enqueue(Stopwatch.GetTimestamp());
            return asked.Count == 1
                ? new HttpResponseMessage(HttpStatusCode.TooManyRequests) { Headers = { RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(5)) } }
                : null;
        };
        await test.StartAgainAsync();
        await Eventually.Becomes(() => asked.Count, requests => requests > 0);

        // Each is a reason to mark the pod.
        foreach (var name in new[] { "aaa", "bbb" })
        {
            await test.ApplyModuleAsync(name, Spec("/" + name));
            await test.ConditionBecomesAsync(name, "Programmed", "True/");
        }

        await Eventually.Becomes(
            _ => PodAsync(test, "runtime"), pod => (string?)pod["metadata"]!["annotations"]?["wagi.dev/modules-digest"] is not null);
        var times = asked.ToArray();
        Assert.InRange(Stopwatch.GetElapsedTime(times[0], times[1]).TotalSeconds, 4.9, 30);
    }

    [Fact]
    public async Task PodThatHasNoConditions_HoldsNothingUp()
    {
        await using var test = await TestOperator.CreateAsync(await cluster.ControlPlaneAsync());
        await using var runtime = await StartRuntimeAsync(test, "runtime");
        await CreatePodAsync(test, "bare", "127.0.0.99", conditions: null);
        await test.StartAgainAsync();

        await test.ApplyModuleAsync("hello", Spec("/hello"));

        await test.ConditionBecomesAsync("hello", "Ready", "True/Ready");
        Assert.Equal("all", (string?)(await test.ModuleAsync("hello"))!["status"]!["runtimes"]!["summary"]);
    }

    /// <summary>A pod that starts does not answer at first, then has loaded nothing, and then becomes ready.</summary>
    [Fact]
    public async Task NewPod_ChangesNoStatus_AndCausesNoEvent()
    {
        await using var test = await TestOperator.CreateAsync(await cluster.ControlPlaneAsync());
        await using var first = await StartRuntimeAsync(test, "first");
        var isBroken = ImmutableDictionary<string, string>.Empty.Add($"{test.Tenant}/broken", "CompileFailed");
        first.Failing = isBroken;
        var written = new ConcurrentQueue<string>();
        test.Intercept = (request, _) =>
        {
            if (request.Method != HttpMethod.Get)
            {
                written.Enqueue(request.RequestUri!.AbsolutePath);
            }

            return null;
        };
        await test.StartAgainAsync();
        await test.ApplyModuleAsync("hello", Spec("/hello"));
        await test.ApplyModuleAsync("broken", Spec("/broken"));
        await test.ConditionBecomesAsync("hello", "Ready", "True/Ready");
        await test.ConditionBecomesAsync("broken", "Ready", "False/CompileFailed");
        await test.ApplyModuleAsync("refused", Spec("/hello"));
        await test.ConditionBecomesAsync("refused", "Ready", "False/RouteConflict");
        var told = await Eventually.Becomes(token => EventsAsync(test, token), events => events.Count >= 5);
        var before = (await test.ModuleAsync("hello"))!;
        var writes = WritesAboutModules();

        await CreatePodAsync(test, "second", "127.0.0.2", NotReady);
        // It has been followed, asked in vain, and taken into account by the time that another change is through.
        await test.ApplyModuleAsync("other", Spec("/other"));
        await test.ConditionBecomesAsync("other", "Ready", "True/Ready");
        var toml = "";
        await using var second = await FakeRuntime.StartAsync(_ => Task.FromResult<string?>(toml), IPAddress.Parse("127.0.0.2"), first.Url.Port);
        second.Failing = isBroken;
        await Eventually.Becomes(() => second.Asked, asked => asked > 2);
        toml = await test.TomlAsync();
        await test.SetPodStatusAsync("second", Status("127.0.0.2", Ready));
        // It counts from now on: what it does not serve is not ready, and is when it does.
        await test.ApplyModuleAsync("last", Spec("/last"));
        await test.ConditionBecomesAsync("last", "Ready", "False/Updating: 1 of 2 runtimes");
        toml = await test.TomlAsync();
        await test.ConditionBecomesAsync("last", "Ready", "True/Ready");

        Assert.Equal(writes, WritesAboutModules());
        Assert.Equal((string?)before["metadata"]!["resourceVersion"], (string?)(await test.ModuleAsync("hello"))!["metadata"]!["resourceVersion"]);
        Assert.Equal(told, (await EventsAsync(test, default)).Where(happened => !happened.EndsWith(" other", StringComparison.Ordinal) && !happened.EndsWith(" last", StringComparison.Ordinal)));

        // Statuses of those that were settled before the pod came.
        int WritesAboutModules() => written.Count(path => path.EndsWith("/hello/status", StringComparison.Ordinal)
            || path.EndsWith("/broken/status", StringComparison.Ordinal) || path.EndsWith("/refused/status", StringComparison.Ordinal));
    }

    [Fact]
    public async Task UnreachableRuntime_StaysSo_WhenTheOperatorStartsAgain()
    {
        await using var test = await TestOperator.CreateAsync(await cluster.ControlPlaneAsync());
        await using var runtime = await StartRuntimeAsync(test, "answering");
        await CreatePodAsync(test, "dead", "127.0.0.99", Ready);
        await test.StartAgainAsync();
        await test.ApplyModuleAsync("hello", Spec("/hello"));
        await test.ConditionBecomesAsync("hello", "Ready", "Unknown/RuntimeUnreachable");
        await test.StopAsync();
        var before = (string?)(await test.ModuleAsync("hello"))!["metadata"]!["resourceVersion"];

        await test.StartAgainAsync();
        await test.ApplyModuleAsync("other", Spec("/other"));
        await test.ConditionBecomesAsync("other", "Ready", "Unknown/RuntimeUnreachable");

        Assert.Equal(before, (string?)(await test.ModuleAsync("hello"))!["metadata"]!["resourceVersion"]);
    }

    private static string Spec(string route) => $$"""{ route: "{{route}}", module: "127.0.0.1:5000/samples/hello@{{Digest}}" }""";

    private static async Task<IReadOnlyList<string>> EventsAsync(TestOperator test, CancellationToken cancellation) =>
        [.. (await test.ListAsync(ApiResource.Events, cancellation)).Select(e => $"{e["type"]} {e["reason"]} {e["involvedObject"]!["name"]}").Order()];

    private static async Task<JsonNode> PodAsync(TestOperator test, string name) =>
        (await test.FindAsync(ApiResource.Pods, new ObjectKey(test.System, name)))!;

    /// <summary>A runtime that answers, with a pod that is ready; the operator learns of both at its next start.</summary>
    private static async Task<FakeRuntime> StartRuntimeAsync(TestOperator test, string pod)
    {
        var runtime = await FakeRuntime.StartAsync(test.TomlAsync);
        test.Options = test.Options with { RuntimeAdminPort = runtime.Url.Port };
        await CreatePodAsync(test, pod, "127.0.0.1", Ready);
        return runtime;
    }

    private static Task CreatePodAsync(TestOperator test, string name, string address, string? conditions) =>
        test.CreateRuntimePodAsync(name, Status(address, conditions));

    private static string Status(string address, string? conditions) =>
        $$"""{ "phase": "Running", "podIP": "{{address}}"{{(conditions is null ? "" : $", \"conditions\": {conditions}")}} }""";
}
