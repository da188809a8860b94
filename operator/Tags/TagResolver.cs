using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Wagi.Hosting.Supervision;
using Wagi.Modules.Retries;
using Wagi.Modules.Status;
using Wagi.Oci.Authentication;
using Wagi.Oci.Errors;
using Wagi.Oci.References;
using Wagi.Operator.ApiServer;
using Wagi.Operator.Loops;
using Wagi.Operator.Metrics;
using Wagi.Operator.Planning;

namespace Wagi.Operator.Tags;

/// <summary>
/// Keeps the digests of all tags that are in use. It is told which tags are wanted, asks the registries in the background, asks again now
/// and then because tags move, and raises <see cref="Changed"/> when an answer is new. The reconciler never waits for it.
/// </summary>
internal sealed partial class TagResolver : IDisposable
{
    private readonly ITagLookup _lookup;
    private readonly ResolverOptions _options;
    private readonly OperatorMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<TagResolver> _logger;
    private readonly Lock _lock = new();
    private readonly Dictionary<ResolutionRequest, CancellationTokenSource> _followed = [];
    private readonly LoopGroup _loops;
    private readonly Dictionary<string, SemaphoreSlim> _registries = new(StringComparer.Ordinal);
    private ImmutableDictionary<ResolutionRequest, Resolution> _answers = ImmutableDictionary<ResolutionRequest, Resolution>.Empty;

    public TagResolver(ITagLookup lookup, ResolverOptions options, OperatorMetrics metrics, TimeProvider time, ILogger<TagResolver> logger)
    {
        _lookup = lookup;
        _options = options;
        _metrics = metrics;
        _time = time;
        _logger = logger;

        _loops = new LoopGroup((2 * options.Interval) + options.LongestRetry + options.Timeout + TimeSpan.FromMinutes(1), time);
    }

    /// <summary>Raised after <see cref="Answers"/> changed. Handlers must not block.</summary>
    public event Action? Changed;

    /// <summary>The answers so far: an immutable snapshot.</summary>
    public ImmutableDictionary<ResolutionRequest, Resolution> Answers => Volatile.Read(ref _answers);

    /// <summary>Sets which tags are wanted. New ones are asked for from now on; those that are no longer wanted are forgotten.</summary>
    /// <param name="wanted">All tags in use.</param>
    /// <param name="secrets">The pull secrets that the requests name.</param>
    public void Follow(IReadOnlySet<ResolutionRequest> wanted, IReadOnlyDictionary<ObjectKey, SecretContent?> secrets)
    {
        lock (_lock)
        {
            foreach (var gone in _followed.Keys.Where(request => !wanted.Contains(request)).ToList())
            {
                if (_followed.Remove(gone, out var stop))
                {
                    stop.Cancel();
                }

                Volatile.Write(ref _answers, _answers.Remove(gone));
            }

            foreach (var request in wanted.Where(request => !_followed.ContainsKey(request)))
            {
                var pullSecrets = request.PullSecrets
                    .Select(name => (name, secrets.GetValueOrDefault(new ObjectKey(request.Namespace, name))))
                    .ToImmutableArray();
                _followed[request] = _loops.Start(
                    $"asking for {request.Reference}", (progress, cancellationToken) => FollowAsync(request, pullSecrets, progress, cancellationToken));
            }
        }
    }

    /// <summary>Waits until cancelled, while registries are asked.</summary>
    /// <exception cref="InvalidOperationException">A loop that asks for a tag has ended by a mistake of this program.</exception>
    public Task RunAsync(LoopProgress progress, CancellationToken cancellationToken) => _loops.RunAsync(progress, cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => Follow(ImmutableHashSet<ResolutionRequest>.Empty, ImmutableDictionary<ObjectKey, SecretContent?>.Empty);

    private async Task FollowAsync(
        ResolutionRequest request, ImmutableArray<(string Name, SecretContent? Content)> pullSecrets, LoopProgress progress, CancellationToken cancellationToken)
    {
        var passing = new Backoff(_options.FirstRetry, _options.LongestRetry);
        var final = new Backoff(_options.FirstRetryOfFinal, _options.LongestRetry);
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                var answer = await AskAsync(request, pullSecrets, progress, cancellationToken);
                Take(request, answer, cancellationToken);
                TimeSpan pause;
                if (answer is Resolution.Failed failed)
                {
                    pause = (failed.IsFinal ? final : passing).Next();
                }
                else
                {
                    passing.Reset();
                    final.Reset();
                    // Spread, so that the registry is not asked for everything at once.
                    pause = _options.Interval * (0.9 + (Random.Shared.NextDouble() * 0.2));
                }

                progress.Completed();
                await Task.Delay(pause, _time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // No longer wanted.
        }
    }

    private async Task<Resolution> AskAsync(
        ResolutionRequest request, ImmutableArray<(string Name, SecretContent? Content)> pullSecrets, LoopProgress progress, CancellationToken cancellationToken)
    {
        if (!Reference.TryParse(request.Reference, out var reference, out var error))
        {
            return new Resolution.Failed(ModuleReason.InvalidEntry, error, IsFinal: true);
        }

        var registry = Registry(reference.Registry);
        // Behind many others that ask a slow registry, this may take long.
        await Waiting.ForAsync(registry.WaitAsync(cancellationToken), progress, _time);
        try
        {
            using var timeout = new CancellationTokenSource(_options.Timeout, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
            var digest = await _lookup.FindDigestAsync(reference, Credentials(pullSecrets), either.Token);
            _metrics.Resolved(succeeded: true);
            return new Resolution.Found(digest);
        }
        catch (OciException exception)
        {
            _metrics.Resolved(succeeded: false);
            return new Resolution.Failed(exception.Reason, exception.Message, IsFinal: !exception.IsTransient);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            _metrics.Resolved(succeeded: false);
            return new Resolution.Failed(
                ModuleReason.RegistryUnreachable,
                $"{request.Reference}: registry '{reference.Registry}' gave no answer within {_options.Timeout.TotalSeconds:0} s",
                IsFinal: false);
        }
        finally
        {
            registry.Release();
        }
    }

    /// <summary>A Secret that is missing or malformed is the plan's to report; what can be used is used.</summary>
    private static ChainedCredentialStore Credentials(ImmutableArray<(string Name, SecretContent? Content)> pullSecrets)
    {
        var stores = new List<ICredentialStore>();
        foreach (var (_, content) in pullSecrets)
        {
            if (content is not null && PullSecret.TryExtract(content.Type, content.Data, out var dockerConfig, out _))
            {
                stores.Add(DockerConfigCredentialStore.FromPullSecret(dockerConfig));
            }
        }

        return new ChainedCredentialStore(stores);
    }

    private SemaphoreSlim Registry(string host)
    {
        lock (_lock)
        {
            if (!_registries.TryGetValue(host, out var slots))
            {
                _registries[host] = slots = new SemaphoreSlim(_options.ParallelPerRegistry);
            }

            return slots;
        }
    }

    private void Take(ResolutionRequest request, Resolution answer, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (cancellationToken.IsCancellationRequested || _answers.GetValueOrDefault(request) == answer)
            {
                return;
            }

            Volatile.Write(ref _answers, _answers.SetItem(request, answer));
        }

        if (answer is Resolution.Found found)
        {
            LogFound(_logger, request.Reference, found.Digest);
        }
        else if (answer is Resolution.Failed failed)
        {
            LogFailed(_logger, request.Reference, request.Namespace, failed.Message);
        }

        Changed?.Invoke();
    }

    [LoggerMessage(EventId = 201, Level = LogLevel.Information, Message = "{Reference} is {Digest}")]
    private static partial void LogFound(ILogger logger, string reference, string digest);

    [LoggerMessage(EventId = 202, Level = LogLevel.Warning, Message = "{Reference} of namespace {Namespace} cannot be resolved, trying again: {Error}")]
    private static partial void LogFailed(ILogger logger, string reference, string @namespace, string error);
}

/// <summary>How often registries are asked.</summary>
internal sealed record ResolverOptions
{
    /// <summary>How long an answer counts before the registry is asked again, because tags move.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The first pause after a failure that may pass by itself.</summary>
    public TimeSpan FirstRetry { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest pause after such failures.</summary>
    public TimeSpan LongestRetry { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The first pause after a failure that somebody has to mend, such as a tag that does not exist: it may be pushed any moment.</summary>
    public TimeSpan FirstRetryOfFinal { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a registry may take for one answer.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Questions under way at the most per registry: a slow one holds nobody up who uses another.</summary>
    public int ParallelPerRegistry { get; init; } = 8;
}
