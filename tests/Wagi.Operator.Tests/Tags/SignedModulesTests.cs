using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Wagi.Kubernetes.ApiServer;
using Wagi.Modules.Status;
using Wagi.Oci.Remote;
using Wagi.Operator.Metrics;
using Wagi.Operator.Planning;
using Wagi.Operator.Tags;
using Wagi.Operator.Tests.Cluster;
using Wagi.TestCluster;
using Wagi.TestCluster.Registry;

namespace Wagi.Operator.Tests.Tags;

/// <summary>Tags and digests that must be signed, with a real registry and the real cosign.</summary>
public sealed class SignedModulesTests : IAsyncLifetime
{
    private static readonly ResolverOptions Often = new()
    {
        Interval = TimeSpan.FromMilliseconds(300),
        FirstRetry = TimeSpan.FromMilliseconds(100),
        FirstRetryOfFinal = TimeSpan.FromMilliseconds(100),
    };

    private readonly TempDirectory _folder = new("signed-tags");
    private readonly RegistryClient _client = new(new RegistryClientOptions { Attempts = 1 });
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private RegistryServer _registry = null!;
    private CosignKey _key = null!;
    private TagResolver _resolver = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Repository => $"{_registry.Address}/team/hello";

    public async ValueTask InitializeAsync()
    {
        var missing = TestTools.WhyMissing([RegistryServer.Program, .. Cosign.Programs]);
        Assert.SkipWhen(missing is not null, missing ?? "");
        _registry = await RegistryServer.StartAsync(cancellationToken: Cancellation);
        _key = await new Cosign("cosign3").GenerateKeyAsync(_folder.PathOf("key"), Cancellation);
        _resolver = new TagResolver(
            new RegistryTagLookup(_client), Often, new OperatorMetrics(_services.GetRequiredService<IMeterFactory>()), TimeProvider.System, NullLogger<TagResolver>.Instance);
    }

    [Theory]
    [InlineData("cosign2")]
    [InlineData("cosign3")]
    public async Task Tag_HasADigest_WhenThatIsSigned(string cosign)
    {
        var digest = await TestModules.PushAsync($"{Repository}:v1", "first");
        Follow(":v1");
        var failed = Assert.IsType<Resolution.Failed>(await AnswerBecomesAsync(answer => answer is Resolution.Failed));
        Assert.Equal((ModuleReason.SignatureInvalid, true), (failed.Reason, failed.IsFinal));
        Assert.Contains($"cosign sign --key KEY {Repository}@{digest}", failed.Message, StringComparison.Ordinal);

        await new Cosign(cosign).SignAsync(_key, $"{Repository}@{digest}", cancellationToken: Cancellation);
        await AnswerBecomesAsync(answer => answer == new Resolution.Found(digest));

        await TestModules.PushAsync($"{Repository}:v1", "second");
        await AnswerBecomesAsync(answer => answer is Resolution.Failed { Reason: ModuleReason.SignatureInvalid });

        // A registry that does not answer says nothing about it.
        await _registry.StopAsync();
        await AnswerBecomesAsync(answer => answer is Resolution.Failed { Reason: ModuleReason.RegistryUnreachable, IsFinal: false });
    }

    [Fact]
    public async Task Digest_IsAskedForItsSignature_Once()
    {
        var digest = await TestModules.PushAsync($"{Repository}:v1", "first");
        Follow($"@{digest}");
        await AnswerBecomesAsync(answer => answer is Resolution.Failed { Reason: ModuleReason.SignatureInvalid });

        await new Cosign("cosign3").SignAsync(_key, $"{Repository}@{digest}", cancellationToken: Cancellation);
        await AnswerBecomesAsync(answer => answer == new Resolution.Found(digest));

        await _registry.StopAsync();
        Follow();
        Follow($"@{digest}");
        await AnswerBecomesAsync(answer => answer == new Resolution.Found(digest));
    }

    public async ValueTask DisposeAsync()
    {
        _resolver?.Dispose();
        _services.Dispose();
        _client.Dispose();
        _folder.Dispose();
        if (_registry is not null)
        {
            await _registry.DisposeAsync();
        }
    }

    private void Follow(params IEnumerable<string> targets) => _resolver.Follow(
        targets.Select(target => new ResolutionRequest { Reference = Repository + target, Namespace = "team", SignatureKeys = [_key.PublicKey] }).ToHashSet(),
        ImmutableDictionary<ObjectKey, SecretContent?>.Empty);

    private Task<Resolution?> AnswerBecomesAsync(Func<Resolution?, bool> condition) =>
        Eventually.Becomes(() => _resolver.Answers.Values.SingleOrDefault(), condition);
}
