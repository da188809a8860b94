using System.Collections.Immutable;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Wagi.Kubernetes.ApiServer;
using Wagi.Modules.Status;
using Wagi.Oci.Remote;
using Wagi.Operator.Metrics;
using Wagi.Operator.Planning;
using Wagi.Operator.Tags;
using Wagi.TestCluster;
using Wagi.TestCluster.Http;

namespace Wagi.Operator.Tests.Tags;

/// <summary>Registries on a real connection that are in trouble, or make some.</summary>
public sealed class FailingRegistryTests : IDisposable
{
    private const string Digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    private static readonly ResolverOptions Options = new()
    {
        Interval = TimeSpan.FromMilliseconds(400),
        FirstRetry = TimeSpan.FromMilliseconds(20),
        FirstRetryOfFinal = TimeSpan.FromMilliseconds(20),
        QuickRetries = 5,
        Timeout = TimeSpan.FromMilliseconds(500),
        ParallelPerRegistry = 4,
        FirstProbe = TimeSpan.FromMilliseconds(100),
        LongestProbe = TimeSpan.FromMilliseconds(400),
    };

    private readonly RegistryClient _client = new(new RegistryClientOptions { Attempts = 1 });
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly TagResolver _resolver;

    public FailingRegistryTests() => _resolver = Create(Options);

    private TagResolver Create(ResolverOptions options) => new(
        new RegistryTagLookup(_client), options, new OperatorMetrics(_services.GetRequiredService<IMeterFactory>()), TimeProvider.System, NullLogger<TagResolver>.Instance);

    [Fact]
    public async Task RegistryThatFailsHalfOfItsRequests_IsAskedHardlyMoreOften_ThanOneThatWorks()
    {
        const int Tags = 10;
        var count = 0;
        await using var registry = await TargetServer.StartAsync(context => Interlocked.Increment(ref count) % 2 == 0 ? FailAsync(context) : AnswerAsync(context));
        var clock = Stopwatch.StartNew();

        Follow(registry, Tags);
        await Eventually.Becomes(() => clock.Elapsed, elapsed => elapsed > 10 * Options.Interval);

        var intervals = clock.Elapsed / Options.Interval;
        Assert.InRange(registry.Requests.Count, Tags, (Tags * (1 + (intervals / 0.9))) + Options.QuickRetries + intervals);
        await Eventually.Becomes(() => Found, found => found > Tags / 3);
    }

    [Fact]
    public async Task RegistryThatHangs_KeepsOneQuestionWaiting_NotAll_AndDelaysNoOther()
    {
        const int Tags = 200;
        var hangs = true;
        await using var registry = await TargetServer.StartAsync(async context =>
        {
            if (Volatile.Read(ref hangs))
            {
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            }

            await AnswerAsync(context);
        });
        await using var other = await TargetServer.StartAsync(AnswerAsync);
        var clock = Stopwatch.StartNew();

        _resolver.Follow(Requests(registry, Tags).Concat(Requests(other, 1)).ToHashSet(), ImmutableDictionary<ObjectKey, SecretContent?>.Empty);

        await Eventually.Becomes(() => Found, found => found == 1);
        Assert.True(clock.Elapsed < Options.Timeout * 10, $"the other registry's answer took {clock.Elapsed}");

        // Everybody is told, without a time-out of his own.
        await Eventually.Becomes(() => _resolver.Answers.Count, answers => answers == Tags + 1);
        Assert.InRange(registry.Requests.Count, Options.FailuresInARow, 30);
        Assert.All(
            _resolver.Answers.Where(answer => answer.Value is Resolution.Failed),
            answer => Assert.Equal((ModuleReason.RegistryUnreachable, true), (((Resolution.Failed)answer.Value).Reason, ((Resolution.Failed)answer.Value).Message.StartsWith(answer.Key.Reference, StringComparison.Ordinal))));

        Volatile.Write(ref hangs, false);
        await Eventually.Becomes(() => Found, found => found == Tags + 1);
    }

    [Fact]
    public async Task WebPage_InsteadOfARegistry_IsNoDigest()
    {
        await using var registry = await TargetServer.StartAsync(context =>
        {
            context.Response.ContentType = "text/html; charset=utf-8";
            return context.Response.WriteAsync("<html>Please log in</html>");
        });

        Follow(registry, 1);

        await Eventually.Becomes(() => _resolver.Answers.Count, answers => answers == 1);
        var failed = Assert.IsType<Resolution.Failed>(_resolver.Answers.Values.Single());
        Assert.Contains("web page", failed.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(StatusCodes.Status429TooManyRequests)]
    [InlineData(StatusCodes.Status503ServiceUnavailable)]
    public async Task RetryAfter_IsObeyed(int status)
    {
        var arrivals = new List<TimeSpan>();
        var clock = Stopwatch.StartNew();
        await using var registry = await TargetServer.StartAsync(context =>
        {
            lock (arrivals)
            {
                arrivals.Add(clock.Elapsed);
            }

            if (arrivals.Count > 1)
            {
                return AnswerAsync(context);
            }

            context.Response.StatusCode = status;
            context.Response.Headers.RetryAfter = "2";
            return Task.CompletedTask;
        });

        // It is asked again no sooner because of an answer that came late on a busy machine.
        using var patient = Create(Options with { Timeout = TimeSpan.FromSeconds(30) });
        patient.Follow(Requests(registry, 1).ToHashSet(), ImmutableDictionary<ObjectKey, SecretContent?>.Empty);

        await Eventually.Becomes(() => patient.Answers.Values.SingleOrDefault(), answer => answer is Resolution.Found);
        Assert.True(
            arrivals[1] - arrivals[0] >= TimeSpan.FromSeconds(1.9),
            $"asked again after {arrivals[1] - arrivals[0]}: {string.Join(", ", registry.Requests.Select(request => $"{request.Method} {request.Path}"))}");
    }

    [Fact]
    public async Task DigestThatNeedsACredential_IsToldOnlyToThoseWhoHaveIt()
    {
        await using var registry = await TargetServer.StartAsync(context =>
        {
            if (context.Request.Headers.Authorization == "Basic " + Convert.ToBase64String("u:right"u8))
            {
                return AnswerAsync(context);
            }

            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"registry\"";
            return Task.CompletedTask;
        });
        string[] passwords = ["right", "right", "wrong", ""];
        var request = Requests(registry, 1).Single();
        var requests = passwords.Select((_, i) => request with { Namespace = $"tenant-{i}", PullSecrets = ["registry"] }).ToArray();
        var secrets = passwords.Select((password, i) => (Key: new ObjectKey($"tenant-{i}", "registry"), Value: password.Length == 0 ? null : PullSecret(registry, password)));

        _resolver.Follow(requests.ToHashSet(), secrets.ToDictionary(secret => secret.Key, secret => secret.Value));

        await Eventually.Becomes(() => _resolver.Answers.Count, answers => answers == passwords.Length);
        Assert.Equal(
            [Digest, Digest, ModuleReason.Unauthorized, ModuleReason.Unauthorized],
            requests.Select(asked => _resolver.Answers[asked] is Resolution.Failed failed ? failed.Reason : ((Resolution.Found)_resolver.Answers[asked]).Digest));
    }

    public void Dispose()
    {
        _resolver.Dispose();
        _client.Dispose();
        _services.Dispose();
    }

    private int Found => _resolver.Answers.Values.Count(answer => answer is Resolution.Found);

    private static Task AnswerAsync(HttpContext context)
    {
        context.Response.ContentType = "application/vnd.oci.image.manifest.v1+json";
        context.Response.ContentLength = 2;
        context.Response.Headers["Docker-Content-Digest"] = Digest;
        return Task.CompletedTask;
    }

    private static Task FailAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status500InternalServerError;
        return Task.CompletedTask;
    }

    private static SecretContent PullSecret(TargetServer registry, string password) => new(
        "uid", "1", "kubernetes.io/dockerconfigjson",
        ImmutableDictionary<string, byte[]>.Empty.Add(
            ".dockerconfigjson", Encoding.UTF8.GetBytes($$$$"""{"auths":{"{{{{new Uri(registry.Origin).Authority}}}}":{"username":"u","password":"{{{{password}}}}"}}}""")));

    private static IEnumerable<ResolutionRequest> Requests(TargetServer registry, int tags) => Enumerable.Range(0, tags)
        .Select(i => new ResolutionRequest { Reference = $"{new Uri(registry.Origin).Authority}/m{i}:v1", Namespace = "default" });

    private void Follow(TargetServer registry, int tags) =>
        _resolver.Follow(Requests(registry, tags).ToHashSet(), ImmutableDictionary<ObjectKey, SecretContent?>.Empty);
}
