using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Wagi.Kubernetes.ApiServer;
using Wagi.Modules.Status;
using Wagi.Oci.Authentication;
using Wagi.Oci.Errors;
using Wagi.Oci.References;
using Wagi.Operator.Metrics;
using Wagi.Operator.Planning;
using Wagi.Operator.Tags;
using Wagi.Operator.Tests.Loops;
using Wagi.TestCluster;

namespace Wagi.Operator.Tests.Tags;

public sealed class TagResolverTests : IDisposable
{
    private static readonly ResolverOptions Options = new() { Interval = TimeSpan.FromMinutes(5), FirstRetry = TimeSpan.FromSeconds(1), ParallelPerRegistry = 2 };

    private readonly ManualTime _time = new();
    private readonly Registries _registries = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly TagResolver _resolver;

    public TagResolverTests() => _resolver = new TagResolver(
        _registries, Options, new OperatorMetrics(_services.GetRequiredService<IMeterFactory>()), _time, NullLogger<TagResolver>.Instance);

    [Fact]
    public async Task RegistryThatHangs_DelaysNoOther()
    {
        _registries.Hanging = "slow.example.com";
        Follow([.. Enumerable.Range(0, 20).Select(i => Request($"slow.example.com/m{i}:v1")), Request("fast.example.com/hello:v1")]);

        await AnswerBecomesAsync("fast.example.com/hello:v1", new Resolution.Found("sha256:1"));
        Assert.Single(_resolver.Answers);
    }

    [Fact]
    public async Task RegistryThatHangs_IsReported_AfterTheTimeout()
    {
        _registries.Hanging = "slow.example.com";
        Follow([Request("slow.example.com/hello:v1")]);
        await Eventually.Becomes(() => _time.Timers, timers => timers > 0);

        _time.Advance(Options.Timeout);

        await Eventually.Becomes(() => _resolver.Answers.Values.FirstOrDefault(), answer => answer is Resolution.Failed);
        var failed = Assert.IsType<Resolution.Failed>(_resolver.Answers.Values.Single());
        Assert.Equal(ModuleReason.RegistryUnreachable, failed.Reason);
        Assert.False(failed.IsFinal);
        Assert.Contains("slow.example.com", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task QuestionToARegistry_IsASpan_AndSaysHowItFailed()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == OperatorTrace.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        _registries.Failure = new OciException(OciErrorKind.Unreachable, "nobody there", isTransient: true);

        Follow([Request("traced.example.com/hello:v1")]);

        var span = await Eventually.Becomes(
            () => spans.FirstOrDefault(span => span.DisplayName == "resolve traced.example.com/hello:v1"), span => span is not null);
        Assert.Equal((ActivityKind.Client, ActivityStatusCode.Error, ModuleReason.RegistryUnreachable), (span!.Kind, span.Status, span.StatusDescription));
    }

    [Fact]
    public async Task Tag_IsAskedForAgain_AfterTheInterval()
    {
        Follow([Request("r.example.com/hello:v1")]);
        await AnswerBecomesAsync("r.example.com/hello:v1", new Resolution.Found("sha256:1"));

        _registries.Digest = "sha256:2";
        await Eventually.Becomes(() => _time.Timers, timers => timers == 1);
        _time.Advance(Options.Interval * 0.8);
        Assert.Equal(1, _registries.Asked);
        _time.Advance(Options.Interval * 0.3);

        await AnswerBecomesAsync("r.example.com/hello:v1", new Resolution.Found("sha256:2"));
    }

    [Fact]
    public async Task FailureThatMayPass_IsTriedAgainSoon()
    {
        _registries.Failure = new OciException(OciErrorKind.Unreachable, "nobody there", isTransient: true);
        Follow([Request("r.example.com/hello:v1")]);
        await AnswerBecomesAsync("r.example.com/hello:v1", new Resolution.Failed(ModuleReason.RegistryUnreachable, "nobody there", IsFinal: false));

        _registries.Failure = null;
        await Eventually.Becomes(() => _time.Timers, timers => timers == 1);
        _time.Advance(Options.FirstRetry);

        await AnswerBecomesAsync("r.example.com/hello:v1", new Resolution.Found("sha256:1"));
    }

    [Theory]
    [InlineData(OciErrorKind.RateLimited)]
    [InlineData(OciErrorKind.ServerError)]
    [InlineData(OciErrorKind.TooLarge)]
    public async Task RegistryThatAnswers_IsNotCalledUnreachable_NorItsModuleSomethingElse(OciErrorKind kind)
    {
        _registries.Failure = new OciException(kind, "what the registry said");

        Follow([Request("r.example.com/hello:v1")]);

        await AnswerBecomesAsync("r.example.com/hello:v1", new Resolution.Failed(ModuleReason.PullFailed, "what the registry said", IsFinal: true));
    }

    [Fact]
    public async Task SameTagWithOtherKeys_IsAnotherQuestion()
    {
        var unsigned = Request("r.example.com/hello:v1");
        Follow([unsigned, unsigned with { SignatureKeys = ["a", "b"] }, unsigned with { SignatureKeys = ["a"] }]);

        await Eventually.Becomes(() => _resolver.Answers.Count, answers => answers == 3);
        Assert.Equal(["", "a", "a b"], _registries.KeysSeen.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task TagThatNobodyWants_IsForgotten()
    {
        var request = Request("r.example.com/hello:v1");
        Follow([request]);
        await AnswerBecomesAsync("r.example.com/hello:v1", new Resolution.Found("sha256:1"));
        await Eventually.Becomes(() => _time.Timers, timers => timers == 1);

        Follow([]);

        Assert.Empty(_resolver.Answers);
        await Eventually.Becomes(() => _time.Timers, timers => timers == 0);
    }

    [Fact]
    public async Task SameTag_IsOneQuestion_WhoeverAsks()
    {
        var requests = Enumerable.Range(0, 50).Select(i => Request("r.example.com/hello:v1") with { Namespace = $"tenant-{i}" }).ToList();

        Follow(requests);
        await Eventually.Becomes(() => _resolver.Answers.Count, answers => answers == 50);
        Assert.Equal(1, _registries.Asked);

        _registries.Digest = "sha256:2";
        await SleepingAsync(1);
        _time.Advance(Options.Interval * 1.1);
        await Eventually.Becomes(() => _resolver.Answers.Values.Distinct().Single(), answer => answer == new Resolution.Found("sha256:2"));
        Assert.Equal(2, _registries.Asked);

        // The others still want it when the first does not.
        Follow(requests[1..]);
        Assert.Equal(49, _resolver.Answers.Count);
        await SleepingAsync(1);
    }

    [Fact]
    public async Task TagThatSomebodyElseNamesAnew_IsAskedForAtOnce_AndAnsweredMeanwhile()
    {
        var first = Request("r.example.com/hello:v1");
        var second = first with { Namespace = "other" };
        Follow([first]);
        await AnswerBecomesAsync("r.example.com/hello:v1", new Resolution.Found("sha256:1"));
        await SleepingAsync(1);
        _registries.Digest = "sha256:2";

        Follow([first, second]);

        Assert.Contains(second, _resolver.Answers);
        await Eventually.Becomes(() => _resolver.Answers.Values.Distinct().Single(), answer => answer == new Resolution.Found("sha256:2"));
    }

    [Fact]
    public async Task TenantWhoNamesATagAgainAndAgain_AsksNoMoreOften_ThanItsBudgetAllows()
    {
        var steady = Request("r.example.com/hello:v1");
        for (var i = 0; i < 200; i++)
        {
            Follow(i % 2 == 0 ? [steady] : [steady, steady with { Namespace = "greedy" }]);
            await Eventually.Becomes(() => _resolver.Answers.Count, answers => answers == 1 + (i % 2));
            await SleepingAsync(1);
        }

        await Eventually.Becomes(() => _registries.Asked, asked => asked > 1);
        Assert.InRange(_registries.Asked, 2, 1 + Options.QuickRetries);
    }

    [Fact]
    public async Task TagsThatAreMissing_AreAskedFor_HardlyMoreOftenThanTagsThatAreThere()
    {
        const int Tags = 20;
        _registries.Failure = new OciException(OciErrorKind.NotFound, "not there");
        Follow(Enumerable.Range(0, Tags).Select(i => Request($"r.example.com/m{i}:v1")));

        var hours = 2;
        for (var elapsed = TimeSpan.Zero; elapsed < TimeSpan.FromHours(hours); elapsed += TimeSpan.FromSeconds(20))
        {
            await SleepingAsync(Tags);
            _time.Advance(TimeSpan.FromSeconds(20));
        }

        var intervals = TimeSpan.FromHours(hours) / Options.Interval;
        Assert.InRange(_registries.Asked, Tags * intervals * 0.8, (Tags * (1 + (intervals / 0.9))) + Options.QuickRetries + intervals);
    }

    [Fact]
    public async Task TagThatIsPushedAMomentLater_IsThereSoon()
    {
        _registries.Failure = new OciException(OciErrorKind.NotFound, "not there");
        Follow([Request("r.example.com/hello:v1")]);
        await AnswerBecomesAsync("r.example.com/hello:v1", new Resolution.Failed(ModuleReason.NotFound, "not there", IsFinal: true));
        await SleepingAsync(1);

        _registries.Failure = null;
        _time.Advance(Options.FirstRetryOfFinal);

        await AnswerBecomesAsync("r.example.com/hello:v1", new Resolution.Found("sha256:1"));
    }

    [Fact]
    public async Task RetryAfterOfDays_IsObeyedForAnHour_WhoeverNamesTheTag()
    {
        _registries.Failure = new OciException(OciErrorKind.RateLimited, "too many", isTransient: true, retryAfter: TimeSpan.FromDays(2));
        Follow([Request("r.example.com/hello:v1")]);
        await Eventually.Becomes(() => _resolver.Answers.Count, answers => answers == 1);
        Follow([Request("r.example.com/hello:v1"), Request("r.example.com/hello:v1") with { Namespace = "impatient" }]);
        for (var elapsed = TimeSpan.Zero; elapsed < Options.LongestRetryAfter; elapsed += TimeSpan.FromMinutes(1))
        {
            await SleepingAsync(1);
            Assert.Equal(1, _registries.Asked);
            _time.Advance(TimeSpan.FromMinutes(1));
        }

        await Eventually.Becomes(() => _registries.Asked, asked => asked == 2);
    }

    [Fact]
    public async Task Credentials_AreThoseOfTheRequestsNamespace()
    {
        var secret = PullSecret("r.example.com", "p");
        var mine = Request("r.example.com/hello:v1") with { PullSecrets = ["registry"] };
        var other = mine with { Namespace = "other" };

        _resolver.Follow(
            ImmutableHashSet.Create(mine, other),
            new Dictionary<ObjectKey, SecretContent?> { [new ObjectKey("default", "registry")] = secret, [new ObjectKey("other", "registry")] = null });

        await Eventually.Becomes(() => _resolver.Answers.Count, answers => answers == 2);
        Assert.Equal([0, 1], _registries.CredentialsSeen.Order());
    }

    public void Dispose()
    {
        _resolver.Dispose();
        _services.Dispose();
    }

    /// <summary>Waits until that many questions wait for the clock.</summary>
    private async Task SleepingAsync(int questions) => await Eventually.Becomes(() => _time.Timers, timers => timers == questions);

    private static SecretContent PullSecret(string registry, string password) => new(
        "uid", "1", "kubernetes.io/dockerconfigjson",
        ImmutableDictionary<string, byte[]>.Empty.Add(
            ".dockerconfigjson", Encoding.UTF8.GetBytes($$$$"""{"auths":{"{{{{registry}}}}":{"username":"u","password":"{{{{password}}}}"}}}""")));

    private static ResolutionRequest Request(string reference) => new() { Reference = reference, Namespace = "default" };

    private void Follow(IEnumerable<ResolutionRequest> requests) =>
        _resolver.Follow(requests.ToImmutableHashSet(), ImmutableDictionary<ObjectKey, SecretContent?>.Empty);

    private Task<Resolution?> AnswerBecomesAsync(string reference, Resolution expected) =>
        Eventually.Becomes(() => _resolver.Answers.GetValueOrDefault(Request(reference)), answer => answer == expected);

    /// <summary>Registries that answer as the test says.</summary>
    private sealed class Registries : ITagLookup
    {
        private int _asked;

        public string? Hanging { get; set; }

        public string Digest { get; set; } = "sha256:1";

        public OciException? Failure { get; set; }

        public int Asked => Volatile.Read(ref _asked);

        public ConcurrentQueue<int> CredentialsSeen { get; } = [];

        public ConcurrentQueue<string> KeysSeen { get; } = [];

        public async Task<string> FindDigestAsync(
            Reference reference, ImmutableArray<string> signatureKeys, ICredentialStore credentials, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _asked);
            KeysSeen.Enqueue(string.Join(' ', signatureKeys));
            CredentialsSeen.Enqueue((await credentials.FindAsync(reference.Registry, reference.Repository, cancellationToken)).Count);
            if (reference.Registry == Hanging)
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }

            return Failure is null ? Digest : throw Failure;
        }
    }
}
