using System.Collections.Immutable;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Wagi.Hosting.Supervision;
using Wagi.Kubernetes.ApiServer;
using Wagi.Modules.Retries;
using Wagi.Modules.Status;
using Wagi.Oci.Authentication;
using Wagi.Oci.Errors;
using Wagi.Oci.References;
using Wagi.Operator.Loops;
using Wagi.Operator.Metrics;
using Wagi.Operator.Planning;

namespace Wagi.Operator.Tags;

/// <summary>
/// Keeps the digests of all tags that are in use. It is told which tags are wanted, asks the registries in the background, asks again now
/// and then because tags move, and raises <see cref="Changed"/> when an answer is new. The reconciler never waits for it.
/// </summary>
/// <remarks>
/// How often: the normal interval for a tag that has a digest. After a failure the first retries come sooner and further and further apart,
/// because somebody may be about to push, but only within a namespace's budget at that registry; then at the normal interval, so that a
/// registry that fails is asked no more often than one that works. A WagiModule that is new or names another tag has it asked for at once.
/// </remarks>
internal sealed partial class TagResolver : IDisposable
{
    private readonly ITagLookup _lookup;
    private readonly ResolverOptions _options;
    private readonly OperatorMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<TagResolver> _logger;
    private readonly Lock _lock = new();
    private readonly Dictionary<ResolutionRequest, Question?> _followed = [];
    private readonly Dictionary<QuestionKey, Question> _questions = [];
    private readonly Dictionary<string, RegistryGate> _gates = new(StringComparer.Ordinal);
    private readonly LoopGroup _loops;
    private ImmutableDictionary<ResolutionRequest, Resolution> _answers = ImmutableDictionary<ResolutionRequest, Resolution>.Empty;

    public TagResolver(ITagLookup lookup, ResolverOptions options, OperatorMetrics metrics, TimeProvider time, ILogger<TagResolver> logger)
    {
        _lookup = lookup;
        _options = options;
        _metrics = metrics;
        _time = time;
        _logger = logger;

        _loops = new LoopGroup((2 * options.Interval) + options.Timeout + TimeSpan.FromMinutes(1), time);
    }

    /// <summary>Raised after <see cref="Answers"/> changed. Handlers must not block.</summary>
    public event Action? Changed;

    /// <summary>The answers so far: an immutable snapshot.</summary>
    public ImmutableDictionary<ResolutionRequest, Resolution> Answers => Volatile.Read(ref _answers);

    /// <summary>Registries that fail, and are asked by one question at a time, with the reason.</summary>
    public ImmutableArray<(string Registry, string Reason)> Failing
    {
        get
        {
            lock (_lock)
            {
                return [.. _gates.Where(gate => gate.Value.Trouble is not null).OrderBy(gate => gate.Key, StringComparer.Ordinal).Select(gate => (gate.Key, gate.Value.Trouble!))];
            }
        }
    }

    /// <summary>Sets which tags are wanted. New ones are asked for from now on; those that are no longer wanted are forgotten.</summary>
    /// <param name="wanted">All tags in use.</param>
    /// <param name="secrets">The pull secrets that the requests name.</param>
    public void Follow(IReadOnlySet<ResolutionRequest> wanted, IReadOnlyDictionary<ObjectKey, SecretContent?> secrets)
    {
        lock (_lock)
        {
            var added = wanted.Where(request => !_followed.ContainsKey(request)).ToList();
            foreach (var gone in _followed.Keys.Where(request => !wanted.Contains(request)).ToList())
            {
                _followed.Remove(gone, out var question);
                question?.Askers.Remove(gone);
                Volatile.Write(ref _answers, _answers.Remove(gone));
            }

            added.ForEach(request => _followed[request] = Add(request, secrets));
            foreach (var unwanted in _questions.Values.Where(question => question.Askers.Count == 0).ToList())
            {
                unwanted.Stop!.Cancel();
                _questions.Remove(unwanted.Key);
            }

            var used = _questions.Values.Select(question => question.Gate).ToHashSet();
            foreach (var (host, gate) in _gates.Where(gate => !used.Contains(gate.Value)).ToList())
            {
                gate.Dispose();
                _gates.Remove(host);
            }

            if (!added.Exists(_answers.ContainsKey))
            {
                return;
            }
        }

        Changed?.Invoke();
    }

    /// <summary>Waits until cancelled, while registries are asked.</summary>
    /// <exception cref="InvalidOperationException">A loop that asks for a tag has ended by a mistake of this program.</exception>
    public Task RunAsync(LoopProgress progress, CancellationToken cancellationToken) => _loops.RunAsync(progress, cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => Follow(ImmutableHashSet<ResolutionRequest>.Empty, ImmutableDictionary<ObjectKey, SecretContent?>.Empty);

    /// <summary>The question that answers a request; null when it cannot be asked, which is its answer.</summary>
    private Question? Add(ResolutionRequest request, IReadOnlyDictionary<ObjectKey, SecretContent?> secrets)
    {
        try
        {
            var reference = Reference.Parse(request.Reference);
            var credentials = RequestCredentials.Find(request, reference.Registry, reference.Repository, secrets);
            var key = new QuestionKey(request.Reference, credentials.Fingerprint, string.Join(' ', request.SignatureKeys));
            if (_questions.TryGetValue(key, out var question))
            {
                question.Askers.Add(request);
                if (question.Answer is { } known)
                {
                    Volatile.Write(ref _answers, _answers.SetItem(request, known));

                    // Somebody has just named the tag, perhaps because it has just been pushed.
                    if (question.Gate.TrySpendQuickRetry([request.Namespace]))
                    {
                        question.Wake.Ring();
                    }
                }

                return question;
            }

            if (!_gates.TryGetValue(reference.Registry, out var gate))
            {
                _gates[reference.Registry] = gate = new RegistryGate(_options, _time);
            }

            _questions[key] = question = new Question(key, credentials, request.SignatureKeys, gate, _time);
            question.Askers.Add(request);
            question.Stop = _loops.Start(
                $"asking for {request.Reference}", (progress, cancellationToken) => FollowAsync(question, reference, progress, cancellationToken));
            return question;
        }
        catch (OciException exception)
        {
            Volatile.Write(ref _answers, _answers.SetItem(request, new Resolution.Failed(exception.Reason, exception.Message, IsFinal: true)));
            return null;
        }
    }

    private async Task FollowAsync(Question question, Reference reference, LoopProgress progress, CancellationToken cancellationToken)
    {
        // Past the interval they have no say.
        var passing = new Backoff(_options.FirstRetry, 2 * _options.Interval);
        var final = new Backoff(_options.FirstRetryOfFinal, 2 * _options.Interval);
        while (!cancellationToken.IsCancellationRequested)
        {
            var (answer, retryAfter) = await AskAsync(question, reference, progress, cancellationToken);
            Take(question, answer, cancellationToken);

            // Spread, so that the registry is not asked for everything at once.
            var pause = _options.Interval * (0.9 + (Random.Shared.NextDouble() * 0.2));
            if (answer is Resolution.Failed failed)
            {
                var quick = (failed.IsFinal ? final : passing).Next();
                if (quick < 0.9 * _options.Interval && question.Gate.TrySpendQuickRetry(NamespacesOf(question)))
                {
                    pause = quick;
                }
            }
            else
            {
                passing.Reset();
                final.Reset();
            }

            progress.Completed();
            await RestAsync(question, pause, retryAfter, progress, cancellationToken);
        }
    }

    /// <summary>Waits until the tag is asked for again: as long as the registry wants at least, whoever wakes the question.</summary>
    private async Task RestAsync(Question question, TimeSpan pause, TimeSpan? retryAfter, LoopProgress progress, CancellationToken cancellationToken)
    {
        var wish = retryAfter is { } asked && asked < _options.LongestRetryAfter ? asked : retryAfter is null ? TimeSpan.Zero : _options.LongestRetryAfter;
        pause -= wish;
        while (wish > TimeSpan.Zero)
        {
            var part = wish < _options.Interval ? wish : _options.Interval;
            await Task.Delay(part, _time, cancellationToken);
            progress.Completed();
            wish -= part;
        }

        await question.Wake.SleepAsync(pause, cancellationToken);
    }

    private async Task<(Resolution Answer, TimeSpan? RetryAfter)> AskAsync(
        Question question, Reference reference, LoopProgress progress, CancellationToken cancellationToken)
    {
        // Behind many others that ask a slow registry, this may take long.
        var entering = question.Gate.EnterAsync(NamespacesOf(question), reason => TakeTrouble(question, reference, reason, cancellationToken), cancellationToken);
        await Waiting.ForAsync(entering, progress, _time);
        var visit = await entering;
        var outcome = VisitOutcome.Nothing;
        var reason = "";
        using var span = OperatorTrace.Begin($"resolve {reference}", ActivityKind.Client);
        try
        {
            using var timeout = new CancellationTokenSource(_options.Timeout, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
            var digest = await _lookup.FindDigestAsync(reference, question.SignatureKeys, question.Credentials, either.Token);
            outcome = VisitOutcome.Answered;
            return (new Resolution.Found(digest), null);
        }
        catch (OciException exception)
        {
            reason = exception.Reason;
            outcome = exception.IsOfTheRegistry ? VisitOutcome.RegistryFailed
                : exception.Kind == OciErrorKind.RateLimited ? VisitOutcome.Nothing : VisitOutcome.Answered;
            return (new Resolution.Failed(reason, exception.Message, IsFinal: !exception.IsTransient), exception.RetryAfter);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            reason = ModuleReason.RegistryUnreachable;
            outcome = VisitOutcome.RegistryFailed;
            return (new Resolution.Failed(
                reason, $"{reference}: registry '{reference.Registry}' gave no answer within {_options.Timeout.TotalSeconds:0} s", IsFinal: false), null);
        }
        finally
        {
            if (!cancellationToken.IsCancellationRequested)
            {
                _metrics.Resolved(succeeded: outcome == VisitOutcome.Answered && reason.Length == 0);
            }

            if (reason.Length > 0)
            {
                OperatorTrace.Fail(span, reason);
            }

            switch (question.Gate.Leave(visit, outcome, reason))
            {
                case true:
                    LogShut(_logger, reference.Registry, reason);
                    break;
                case false:
                    LogOpened(_logger, reference.Registry);
                    break;
            }
        }
    }

    private ImmutableArray<string> NamespacesOf(Question question)
    {
        lock (_lock)
        {
            return question.Namespaces;
        }
    }

    /// <summary>
    /// The question waits because its registry fails: whoever asks it is told. What others asked for, and heard, is not theirs to know.
    /// </summary>
    private void TakeTrouble(Question question, Reference reference, string reason, CancellationToken cancellationToken)
    {
        // What it has heard itself says more.
        if (question.Answer is not Resolution.Failed)
        {
            Take(question, new Resolution.Failed(
                reason,
                $"{reference}: registry '{reference.Registry}' has failed {_options.FailuresInARow} times in a row; it is asked one question at a time until it answers again",
                IsFinal: false), cancellationToken);
        }
    }

    private void Take(Question question, Resolution answer, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (cancellationToken.IsCancellationRequested || question.Answer == answer)
            {
                return;
            }

            question.Answer = answer;
            Volatile.Write(ref _answers, _answers.SetItems(question.Askers.Select(asker => KeyValuePair.Create(asker, answer))));
        }

        if (answer is Resolution.Found found)
        {
            LogFound(_logger, question.Key.Reference, found.Digest);
        }
        else if (answer is Resolution.Failed failed)
        {
            LogFailed(_logger, question.Key.Reference, failed.Message);
        }

        Changed?.Invoke();
    }

    [LoggerMessage(EventId = 201, Level = LogLevel.Information, Message = "{Reference} is {Digest}")]
    private static partial void LogFound(ILogger logger, string reference, string digest);

    [LoggerMessage(EventId = 202, Level = LogLevel.Warning, Message = "{Reference} cannot be resolved, trying again: {Error}")]
    private static partial void LogFailed(ILogger logger, string reference, string error);

    [LoggerMessage(EventId = 203, Level = LogLevel.Warning, Message = "Registry {Registry} fails ({Reason}): it is asked one question at a time until it answers")]
    private static partial void LogShut(ILogger logger, string registry, string reason);

    [LoggerMessage(EventId = 204, Level = LogLevel.Information, Message = "Registry {Registry} answers again")]
    private static partial void LogOpened(ILogger logger, string registry);
}

/// <summary>How often registries are asked.</summary>
internal sealed record ResolverOptions
{
    /// <summary>How long an answer counts before the registry is asked again, because tags move. No failure is repeated more often in the long run.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The first pause after a failure that may pass by itself.</summary>
    public TimeSpan FirstRetry { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The first pause after a failure that somebody has to mend, such as a tag that does not exist: it may be pushed any moment.</summary>
    public TimeSpan FirstRetryOfFinal { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How many questions to a registry a namespace may ask sooner than the interval wants; each comes back after an interval. Enough for
    /// three modules that are applied before their tags are pushed: six retries each, in the first five minutes.
    /// </summary>
    public int QuickRetries { get; init; } = 20;

    /// <summary>The longest <c>Retry-After</c> that is obeyed; registries that count by the day ask for hours.</summary>
    public TimeSpan LongestRetryAfter { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long a registry may take for one answer.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Questions under way at the most per registry: a slow one holds nobody up who uses another.</summary>
    public int ParallelPerRegistry { get; init; } = 8;

    /// <summary>After how many failures in a row a registry is asked by one question at a time.</summary>
    public int FailuresInARow { get; init; } = 5;

    /// <summary>The pause before the first of those questions at its longest; it doubles with each that fails.</summary>
    public TimeSpan FirstProbe { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest pause between them.</summary>
    public TimeSpan LongestProbe { get; init; } = TimeSpan.FromSeconds(30);
}
