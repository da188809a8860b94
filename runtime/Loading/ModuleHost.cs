using System.Collections.Immutable;
using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using Wagi.Hosting.Supervision;
using Wagi.Modules.Configuration;
using Wagi.Modules.Retries;
using Wagi.Modules.Routes;
using Wagi.Modules.Secrets;
using Wagi.Modules.Status;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Readiness;
using Wagi.Runtime.Sources;

namespace Wagi.Runtime.Loading;

/// <summary>
/// Brings what is loaded to what is desired. One loop owns all state and takes one step at a time; loads run beside it and report
/// back to it, so that none delays another. Readers see immutable snapshots: <see cref="Routes"/> and <see cref="Status"/>.
/// </summary>
/// <param name="loader">Loads one entry.</param>
/// <param name="agreement">Asked before the runtime says for the first time that it is ready; null: nobody is asked.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where to log.</param>
internal sealed partial class ModuleHost(IModuleLoader loader, PeerAgreement? agreement, TimeProvider time, ILogger<ModuleHost> logger) : IAsyncDisposable
{
    /// <summary>Logged when a module is loaded, with <c>Id</c> and <c>Route</c>.</summary>
    public const int ReadyEvent = 71;

    /// <summary>Logged when a module could not be loaded and is tried again, with <c>Id</c> and <c>Message</c>.</summary>
    public const int RetryEvent = 73;

    /// <summary>The longest time between two turns of the loop, which takes an empty one when there is nothing to do.</summary>
    public static readonly TimeSpan Pulse = TimeSpan.FromSeconds(5);

    private static readonly Backoff Retries = new(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(2));

    /// <summary>What the loop is to do; null: a turn without a step.</summary>
    private readonly Channel<Action?> _steps = Channel.CreateUnbounded<Action?>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _stopping = new();
    private readonly StartPatience _patience = new(time);

    /// <summary>What no entry wants any more, until no route table names it.</summary>
    private readonly List<ServedModule> _retired = [];

    /// <summary>Entry id → slot, in the order of the file.</summary>
    private OrderedDictionary<string, ModuleSlot> _slots = new(StringComparer.Ordinal);

    /// <summary>Modules without an entry; see <see cref="RoutePlan.Make"/>.</summary>
    private ImmutableArray<ServedModule> _leaving = [];

    private DesiredModules? _desired;
    private bool _hasSettled;
    private bool _isReady;

    private volatile RouteTable<RouteTarget> _routes = new RouteTableBuilder<RouteTarget>().Build();
    private volatile RuntimeStatus? _status;
    private volatile ConfiguredModule[] _configured = [];

    /// <summary>The routes that are served now. One reference: a request sees the table before a reload or the one after it.</summary>
    public RouteTable<RouteTarget> Routes => _routes;

    /// <summary>The state of everything; null before the configuration was read for the first time.</summary>
    public RuntimeStatus? Status => _status;

    /// <summary>The entries that are to be served, in the order of the file.</summary>
    public IReadOnlyList<ConfiguredModule> Configured => _configured;

    /// <summary>Why the runtime is not ready although every entry has been tried; null when that is not so.</summary>
    public string? ReadinessObstacle => agreement?.Obstacle;

    /// <summary>Called after every change of <see cref="Status"/>, on the loop.</summary>
    public event Action<RuntimeStatus>? StatusChanged;

    /// <summary>Says what is to be served from now on. Returns at once.</summary>
    public void Apply(DesiredModules desired) => Post(() => Accept(desired));

    /// <summary>Loads an entry again, because the file that it names has changed. Returns at once.</summary>
    public void Reload(string id) => Post(() =>
    {
        if (_slots.TryGetValue(id, out var slot))
        {
            Start(slot);
        }
    });

    /// <returns>False when the host has been disposed: nobody takes the step any more.</returns>
    private bool Post(Action? step) => _steps.Writer.TryWrite(step);

    /// <summary>The loop. It ends when it is cancelled.</summary>
    public async Task RunAsync(LoopProgress progress, CancellationToken cancellationToken)
    {
        await using var pulse = time.CreateTimer(_ => Post(null), state: null, Pulse, Pulse);
        while (await _steps.Reader.WaitToReadAsync(cancellationToken))
        {
            // Everything that has come in is worked off before a table is made of it.
            var hasChanged = false;
            while (_steps.Reader.TryRead(out var step))
            {
                step?.Invoke();
                hasChanged |= step is not null;
            }

            // The wait for the first settling may also be over because of the time alone.
            if ((hasChanged || (!_hasSettled && _patience.IsOver)) && _desired is { } desired)
            {
                Publish(desired);
            }

            progress.Completed();
        }
    }

    private void Accept(DesiredModules desired)
    {
        // A damaged file says nothing about what is missing in it: everything stays as it was.
        var entries = desired.File.IsDamaged && _desired is not null
            ? [.. _slots.Values.Select(slot => slot.Desired)]
            : desired.File.Entries;
        _desired = desired;
        foreach (var problem in desired.File.Problems)
        {
            LogProblem(problem.ToString());
        }

        var slots = new OrderedDictionary<string, ModuleSlot>(StringComparer.Ordinal);
        foreach (var entry in entries)
        {
            var slot = _slots.GetValueOrDefault(entry.Id);
            var isNew = slot is null;
            slots.Add(entry.Id, slot ??= new ModuleSlot(entry, time.GetUtcNow()));
            Update(slot, entry, desired, isNew);
        }

        foreach (var rejected in desired.File.Rejected)
        {
            // Its last good version stays, if there is one.
            if (_slots.TryGetValue(rejected.Id, out var slot) && slots.TryAdd(rejected.Id, slot))
            {
                slot.Replace(null);
                slot.WasRejected = true;
                slot.Load = LoadResult.Failed(ModuleReason.InvalidEntry, rejected.Cause.ToString());
            }
        }

        foreach (var slot in _slots.Values.Where(slot => !slots.ContainsKey(slot.Desired.Id)))
        {
            LogRemoved(slot.Desired.Id);
            slot.Replace(null);
            if (slot.Loaded is { } loaded)
            {
                slot.Loaded = null;
                _leaving = _leaving.Add(loaded);
            }
        }

        _slots = slots;
        _configured = [.. slots.Values.Select(slot => new ConfiguredModule(slot.Desired, [.. slot.Secrets?.Environment.Keys ?? []]))];
    }

    private void Update(ModuleSlot slot, ModuleEntry entry, DesiredModules desired, bool isNew)
    {
        // What has been read stays good, also where the file is damaged or the Secret has been deleted.
        var secrets = desired.SecretsFor(entry) ?? (slot.Secrets?.Version == entry.SecretsVersion ? slot.Secrets : null);
        var isSame = !isNew
            && slot.Desired.HasSameMeaningAs(entry)
            && slot.Secrets?.Version == secrets?.Version
            && !slot.WasRejected
            && !(slot.Load.State == ModuleState.Failed && HaveOtherCredentials(slot.Secrets, secrets));
        slot.Desired = entry;
        slot.Secrets = secrets;
        if (isSame)
        {
            return;
        }

        slot.WasRejected = false;
        slot.Failures = 0;
        if (entry.SecretsVersion is null || secrets is not null)
        {
            Start(slot);
            return;
        }

        slot.Replace(null);
        if (desired.CanHaveSecrets)
        {
            var waiting = $"waiting for version {entry.SecretsVersion} of the module's secrets to be mounted";
            slot.Load = new LoadResult(ModuleState.Loading, ModuleReason.SecretsPending, waiting);
            LogSecretsPending(entry.Id, waiting);
        }
        else
        {
            const string Missing = "the module has secrets, and the runtime was started without --secrets-dir";
            slot.Load = LoadResult.Failed(ModuleReason.InvalidEntry, Missing);
            LogFailed(entry.Id, ModuleReason.InvalidEntry, Missing);
        }
    }

    /// <summary>Credentials concern the next load only; one that has failed may have waited for them.</summary>
    private static bool HaveOtherCredentials(ModuleSecrets? before, ModuleSecrets? now) =>
        !(before?.DockerConfigs ?? []).SequenceEqual(now?.DockerConfigs ?? [], StringComparer.Ordinal);

    /// <summary>Begins a load, in place of the one that may be under way.</summary>
    private void Start(ModuleSlot slot)
    {
        var attempt = new LoadAttempt();
        slot.Replace(attempt);
        if (slot.Failures == 0)
        {
            slot.Load = LoadResult.Loading;
        }

        // What is on its way is what the entry says now; the slot may say something else by the time it has come.
        var (entry, secrets) = (slot.Desired, slot.Secrets);
        _ = Task.Run(async () =>
        {
            try
            {
                var loaded = await loader.LoadAsync(entry, secrets, attempt.Cancellation);
                if (!Post(() => Finish(slot, attempt, loaded)))
                {
                    loaded.Release();
                }
            }
            catch (OperationCanceledException) when (attempt.Cancellation.IsCancellationRequested)
            {
                // Replaced, removed or stopping: whoever cancelled has taken over.
            }
            catch (ModuleSourceException exception)
            {
                Post(() => Fail(slot, attempt, exception.Reason, exception.Message, retry: exception.IsWorthRetrying));
            }
            catch (GuestLoadException exception)
            {
                Post(() => Fail(slot, attempt, exception.Reason, exception.Message, retry: exception.IsWorthRetrying));
            }
            catch (Exception exception)
            {
                LogUnexpected(entry.Id, exception);
                Post(() => Fail(slot, attempt, ModuleReason.PullFailed, exception.Message, retry: true));
            }
        });
    }

    private void Finish(ModuleSlot slot, LoadAttempt attempt, ServedModule loaded)
    {
        if (slot.Attempt != attempt)
        {
            loaded.Release();
            return;
        }

        slot.Replace(null);
        slot.Failures = 0;
        if (slot.Loaded is { } replaced)
        {
            _retired.Add(replaced);
        }

        slot.Loaded = loaded;
        slot.Load = LoadResult.Ready with { Message = loaded.Remark };
        LogLoaded(slot.Desired.Id, slot.Desired.Route, loaded.Reference, loaded.IsPreinitialized ? ", preinitialized" : "");
        if (loaded.Remark.Length > 0)
        {
            LogRemark(slot.Desired.Id, loaded.Remark);
        }
    }

    private void Fail(ModuleSlot slot, LoadAttempt attempt, string reason, string message, bool retry)
    {
        if (slot.Attempt != attempt)
        {
            return;
        }

        slot.Failures++;
        slot.Load = LoadResult.Failed(reason, message);
        if (!retry)
        {
            slot.Replace(null);
            LogFailed(slot.Desired.Id, reason, message);
            return;
        }

        var delay = Retries.After(slot.Failures);
        LogWillRetry(slot.Desired.Id, reason, message, delay.TotalSeconds);
        attempt.Retry = time.CreateTimer(_ => Post(() => StartAgain(slot, attempt)), state: null, delay, Timeout.InfiniteTimeSpan);
    }

    private void StartAgain(ModuleSlot slot, LoadAttempt failed)
    {
        if (slot.Attempt == failed)
        {
            Start(slot);
        }
    }

    /// <summary>One new route table of everything that is loaded, and only then the end of what it no longer names.</summary>
    private void Publish(DesiredModules desired)
    {
        var plan = RoutePlan.Make(
            _slots.Values.Select(slot => slot.Loaded).OfType<ServedModule>(),
            [.. _slots.Values.Where(slot => slot.IsComing).Select(slot => slot.Desired)],
            _leaving);
        _routes = plan.Table;
        _retired.AddRange(_leaving.Except(plan.Leaving));
        _leaving = plan.Leaving;
        _retired.ForEach(module => module.Release());
        _retired.Clear();

        var now = time.GetUtcNow();
        foreach (var slot in _slots.Values)
        {
            var id = slot.Loaded?.Entry.Id ?? "";
            var leftOut = plan.LeftOut.GetValueOrDefault(id, []);
            if (slot.Publish(plan.Conflicts.GetValueOrDefault(id), leftOut, now) && !leftOut.IsEmpty)
            {
                LogRemark(id, LeftOutRoute.Describe(leftOut));
            }
        }

        var settles = Settles(desired);
        _hasSettled |= settles;
        _isReady |= settles && agreement is null;
        var status = CreateStatus(desired);
        _status = status;
        if (settles && agreement is not null)
        {
            _ = Task.Run(() => AgreeAsync(agreement));
        }

        StatusChanged?.Invoke(status);
    }

    /// <summary>Whether the start is over now: everything that was found has settled, or is not waited for any longer.</summary>
    private bool Settles(DesiredModules desired)
    {
        if (_hasSettled || desired.Digest is null)
        {
            return false;
        }

        _patience.Note(_slots.Values.Where(slot => !slot.HasSettled).Select(slot => slot.Desired.Id));
        if (!_patience.IsOver)
        {
            return false;
        }

        if (_patience.Awaited is { Count: > 0 } awaited)
        {
            LogNotAwaited(awaited.Count, string.Join(", ", awaited.Order(StringComparer.Ordinal).Take(10)));
        }

        return true;
    }

    private async Task AgreeAsync(PeerAgreement with)
    {
        try
        {
            await with.WaitAsync(() => _status!, _stopping.Token);
            Post(() => _isReady = true);
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
        catch (Exception exception)
        {
            // Without an answer the runtime would never be ready: it ends with its loop.
            Post(() => ExceptionDispatchInfo.Throw(exception));
        }
    }

    private RuntimeStatus CreateStatus(DesiredModules desired) => new()
    {
        Version = RuntimeVersion.Current,
        Ready = _isReady,
        Configuration = new ConfigurationStatus
        {
            Path = desired.Path,
            Digest = desired.Digest,
            ReadAt = desired.ReadAt,
            Problems = [.. desired.File.Problems.Select(problem => problem.ToString())],
        },
        Modules = [.. _slots.Values.Select(slot => slot.ToStatus())],
    };

    /// <summary>Gives everything up. Call it when the loop has ended.</summary>
    public async ValueTask DisposeAsync()
    {
        _steps.Writer.Complete();
        await _stopping.CancelAsync();
        foreach (var slot in _slots.Values)
        {
            slot.Replace(null);
            slot.Loaded?.Release();
        }

        foreach (var module in _leaving)
        {
            module.Release();
        }

        // What was loaded in the last moment belongs to nobody: its slot has given it up.
        while (_steps.Reader.TryRead(out var step))
        {
            step?.Invoke();
        }

        _stopping.Dispose();
    }

    [LoggerMessage(LogLevel.Warning, "{Problem}")]
    private partial void LogProblem(string problem);

    [LoggerMessage(EventId = ReadyEvent, Level = LogLevel.Information, Message = "Module {Id} is ready at {Route}: {Reference}{How}")]
    private partial void LogLoaded(string id, RoutePattern route, string reference, string how);

    [LoggerMessage(LogLevel.Warning, "Module {Id}: {Remark}")]
    private partial void LogRemark(string id, string remark);

    [LoggerMessage(LogLevel.Information, "Module {Id} is no longer configured: removed")]
    private partial void LogRemoved(string id);

    [LoggerMessage(LogLevel.Error, "Module {Id} could not be loaded: {Reason}: {Message}")]
    private partial void LogFailed(string id, string reason, string message);

    [LoggerMessage(RetryEvent, LogLevel.Warning, "Module {Id} could not be loaded: {Reason}: {Message}; trying again in {Seconds:0.#} s")]
    private partial void LogWillRetry(string id, string reason, string message, double seconds);

    [LoggerMessage(LogLevel.Information, "Module {Id} is not loaded yet: {Message}")]
    private partial void LogSecretsPending(string id, string message);

    [LoggerMessage(LogLevel.Warning, "{Count} modules are not waited for any longer, and go on being loaded: {Ids}")]
    private partial void LogNotAwaited(int count, string ids);

    [LoggerMessage(LogLevel.Error, "Module {Id} could not be loaded")]
    private partial void LogUnexpected(string id, Exception exception);
}
