using System.Collections.Immutable;
using System.Threading.Channels;
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
internal sealed partial class ModuleHost(ModuleLoader loader, PeerAgreement? agreement, TimeProvider time, ILogger<ModuleHost> logger) : IAsyncDisposable
{
    private static readonly Backoff Retries = new(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(2));

    private readonly Channel<Action> _steps = Channel.CreateUnbounded<Action>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<ServedModule> _retired = [];

    /// <summary>Modules whose entry is gone while another entry is being loaded for their route: they answer until it can.</summary>
    private readonly List<ServedModule> _leaving = [];

    private Dictionary<string, ModuleSlot> _slots = new(StringComparer.Ordinal);
    private ImmutableArray<ModuleSlot> _order = [];
    private DesiredModules? _desired;
    private bool _hasSettled;
    private bool _isReady;

    private volatile RouteTable<ServedModule> _routes = new RouteTableBuilder<ServedModule>().Build();
    private volatile RuntimeStatus? _status;

    /// <summary>The routes that are served now. One reference: a request sees the table before a reload or the one after it.</summary>
    public RouteTable<ServedModule> Routes => _routes;

    /// <summary>The state of everything; null before the configuration was read for the first time.</summary>
    public RuntimeStatus? Status => _status;

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

    private void Post(Action step) => _steps.Writer.TryWrite(step);

    /// <summary>The loop; runs until <paramref name="cancellation"/>.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            while (await _steps.Reader.WaitToReadAsync(cancellation))
            {
                // Everything that has come in is worked off before a table is made of it.
                while (_steps.Reader.TryRead(out var step))
                {
                    step();
                }

                Publish();
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    private void Accept(DesiredModules desired)
    {
        // A file that is not well-formed says nothing about what is missing in it: everything stays as it was.
        var entries = desired.File.HasSyntaxErrors && _desired is not null
            ? [.. _order.Select(slot => slot.Desired)]
            : desired.File.Entries;
        _desired = desired;
        foreach (var problem in desired.File.Problems)
        {
            LogProblem(problem.ToString());
        }

        var slots = new Dictionary<string, ModuleSlot>(StringComparer.Ordinal);
        var order = ImmutableArray.CreateBuilder<ModuleSlot>();
        foreach (var entry in entries)
        {
            var slot = _slots.GetValueOrDefault(entry.Id);
            var isNew = slot is null;
            slot ??= new ModuleSlot(entry, time.GetUtcNow());
            slots.Add(entry.Id, slot);
            order.Add(slot);
            Update(slot, entry, isNew);
        }

        foreach (var rejected in desired.File.Rejected)
        {
            // Its last good version stays, if there is one.
            if (_slots.TryGetValue(rejected.Id, out var slot) && slots.TryAdd(rejected.Id, slot))
            {
                order.Add(slot);
                slot.Attempt?.Cancel();
                slot.Attempt = null;
                slot.WasRejected = true;
                slot.Enter(ModuleState.Failed, ModuleReason.InvalidEntry, rejected.Cause.ToString(), time.GetUtcNow());
            }
        }

        foreach (var (id, slot) in _slots)
        {
            if (!slots.ContainsKey(id))
            {
                LogRemoved(id);
                slot.Attempt?.Cancel();
                if (slot.Loaded is not null)
                {
                    _leaving.Add(slot.Loaded);
                }
            }
        }

        _slots = slots;
        _order = order.ToImmutable();
    }

    private void Update(ModuleSlot slot, ModuleEntry entry, bool isNew)
    {
        var secrets = _desired!.SecretsFor(entry);
        var isSame = !isNew
            && slot.Desired.HasSameMeaningAs(entry)
            && slot.Secrets?.Version == secrets?.Version
            && !slot.WasRejected;
        slot.Desired = entry;
        slot.Secrets = secrets;
        if (isSame)
        {
            return;
        }

        slot.WasRejected = false;
        slot.Failures = 0;
        if (entry.SecretsVersion is not null && secrets is null)
        {
            slot.Attempt?.Cancel();
            slot.Attempt = null;
            if (_desired.CanHaveSecrets)
            {
                var waiting = $"waiting for version {entry.SecretsVersion} of the module's secrets to be mounted";
                slot.Enter(ModuleState.Loading, ModuleReason.SecretsPending, waiting, time.GetUtcNow());
                LogSecretsPending(entry.Id, waiting);
            }
            else
            {
                const string Missing = "the module has secrets, and the runtime was started without --secrets-dir";
                slot.Enter(ModuleState.Failed, ModuleReason.InvalidEntry, Missing, time.GetUtcNow());
                LogFailed(entry.Id, ModuleReason.InvalidEntry, Missing);
            }

            return;
        }

        Start(slot);
    }

    /// <summary>Begins a load, in place of the one that may be under way.</summary>
    private void Start(ModuleSlot slot)
    {
        slot.Attempt?.Cancel();
        var attempt = slot.Attempt = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        if (slot.Failures == 0)
        {
            slot.Enter(ModuleState.Loading, ModuleReason.Loading, "", time.GetUtcNow());
        }

        _ = Task.Run(() => LoadAsync(slot, slot.Desired, slot.Secrets, attempt));
    }

    private async Task LoadAsync(ModuleSlot slot, ModuleEntry entry, ModuleSecrets? secrets, CancellationTokenSource attempt)
    {
        try
        {
            var loaded = await loader.LoadAsync(entry, secrets, attempt.Token);
            Post(() => Finish(slot, attempt, loaded));
        }
        catch (OperationCanceledException) when (attempt.IsCancellationRequested)
        {
            // Replaced, removed or stopping: whoever cancelled has taken over.
        }
        catch (ModuleSourceException error)
        {
            Post(() => Fail(slot, attempt, error.Reason, error.Message, retry: error.IsWorthRetrying));
        }
        catch (GuestLoadException error)
        {
            Post(() => Fail(slot, attempt, error.Reason, error.Message, retry: false));
        }
        catch (Exception error)
        {
            LogUnexpected(entry.Id, error);
            Post(() => Fail(slot, attempt, ModuleReason.PullFailed, error.Message, retry: true));
        }
    }

    private void Finish(ModuleSlot slot, CancellationTokenSource attempt, ServedModule loaded)
    {
        if (slot.Attempt != attempt)
        {
            loaded.Release();
            return;
        }

        slot.Attempt = null;
        slot.Failures = 0;
        Retire(slot.Loaded);
        slot.Loaded = loaded;
        slot.Enter(ModuleState.Ready, ModuleReason.Ready, "", time.GetUtcNow());
        LogLoaded(slot.Desired.Id, slot.Desired.Route.ToString(), loaded.Reference);
    }

    private void Fail(ModuleSlot slot, CancellationTokenSource attempt, string reason, string message, bool retry)
    {
        if (slot.Attempt != attempt)
        {
            return;
        }

        slot.Failures++;
        slot.Enter(ModuleState.Failed, reason, message, time.GetUtcNow());
        if (!retry)
        {
            slot.Attempt = null;
            LogFailed(slot.Desired.Id, reason, message);
            return;
        }

        var delay = Retries.After(slot.Failures);
        LogWillRetry(slot.Desired.Id, reason, message, delay.TotalSeconds);
        _ = Task.Run(() => RetryAsync(slot, attempt, delay));
    }

    private async Task RetryAsync(ModuleSlot slot, CancellationTokenSource attempt, TimeSpan delay)
    {
        try
        {
            await Task.Delay(delay, time, attempt.Token);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        Post(() =>
        {
            if (slot.Attempt == attempt)
            {
                Start(slot);
            }
        });
    }

    private void Retire(ServedModule? module)
    {
        if (module is not null)
        {
            _retired.Add(module);
        }
    }

    /// <summary>One new route table of everything that is loaded, and only then the end of what it no longer names.</summary>
    private void Publish()
    {
        if (_desired is null)
        {
            return;
        }

        var table = new RouteTableBuilder<ServedModule>();
        foreach (var slot in _order)
        {
            slot.IsPublished = slot.Loaded is not null && AddRoutes(table, slot);
        }

        KeepLeaving(table);
        _routes = table.Build();
        foreach (var module in _retired)
        {
            module.Release();
        }

        _retired.Clear();
        var settles = !_hasSettled && _desired.Digest is not null && _order.All(slot => slot.HasSettled);
        _hasSettled |= settles;
        _isReady |= settles && agreement is null;
        var status = CreateStatus(_desired);
        _status = status;
        if (settles && agreement is not null)
        {
            _ = Task.Run(() => AgreeAsync(agreement));
        }

        StatusChanged?.Invoke(status);
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
    }

    /// <summary>Adds a module with all its routes, or, when one of them is taken, with none.</summary>
    private bool AddRoutes(RouteTableBuilder<ServedModule> table, ModuleSlot slot)
    {
        var module = slot.Loaded!;
        var routes = module.Routes.Select(route => route.Pattern).ToList();
        if (RouteClaims.TryAdd(table, module.Entry, routes, module, target => target.Entry) is { } conflict)
        {
            slot.Enter(ModuleState.Failed, ModuleReason.RouteConflict, conflict, time.GetUtcNow());
            return false;
        }

        if (slot.Reason == ModuleReason.RouteConflict)
        {
            slot.Enter(ModuleState.Ready, ModuleReason.Ready, "", time.GetUtcNow());
        }

        return true;
    }

    /// <summary>
    /// A route that goes from one entry to another is answered all the time: the old module keeps what is still free of its routes
    /// until the entry that claims one of them has been loaded, or has failed.
    /// </summary>
    private void KeepLeaving(RouteTableBuilder<ServedModule> table)
    {
        var coming = _order.Where(slot => slot is { Loaded: null, State: ModuleState.Loading }).Select(slot => slot.Desired).ToList();
        foreach (var module in _leaving.ToList())
        {
            if (!coming.Any(entry => entry.Route == module.Entry.Route && SharesHost(entry, module.Entry)))
            {
                _leaving.Remove(module);
                _retired.Add(module);
                continue;
            }

            foreach (var host in RouteClaims.HostsOf(module.Entry))
            {
                foreach (var route in module.Routes)
                {
                    table.TryAdd(host, route.Pattern, module);
                }
            }
        }
    }

    private static bool SharesHost(ModuleEntry one, ModuleEntry other) => RouteClaims.HostsOf(one).Intersect(RouteClaims.HostsOf(other)).Any();

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
        Modules = [.. _order.Select(slot => slot.ToStatus())],
    };

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        foreach (var slot in _slots.Values)
        {
            slot.Loaded?.Release();
        }

        _leaving.ForEach(module => module.Release());
        _slots.Clear();
        _stopping.Dispose();
    }
}
