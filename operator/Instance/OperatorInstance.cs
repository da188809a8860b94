using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Wagi.Hosting.Supervision;
using Wagi.Kubernetes.ApiServer;
using Wagi.Modules.Network;
using Wagi.Oci.Remote;
using Wagi.Operator.Applying;
using Wagi.Operator.Informers;
using Wagi.Operator.LeaderElection;
using Wagi.Operator.Loops;
using Wagi.Operator.Metrics;
using Wagi.Operator.Overview;
using Wagi.Operator.Planning;
using Wagi.Operator.Reconciling;
using Wagi.Operator.Runtimes;
using Wagi.Operator.Tags;
using Wagi.Operator.Values;

namespace Wagi.Operator.Instance;

/// <summary>
/// One running operator, put together from its parts. Its informers follow the API server from start to end; while it leads, it reconciles
/// as well. The first loop that ends, for whatever reason, ends the operator.
/// </summary>
internal sealed class OperatorInstance : BackgroundService
{
    /// <summary>Name of the Lease.</summary>
    public const string LeaseName = "wagi-operator";

    /// <summary>A watch lasts up to ten minutes, in which a server may have nothing to tell.</summary>
    private static readonly TimeSpan LongestWatch = TimeSpan.FromMinutes(15);

    /// <summary>For loops that wait for a server, which has half a minute for each of two answers.</summary>
    private static readonly TimeSpan LongestTurn = TimeSpan.FromMinutes(3);

    private readonly Supervisor _supervisor;
    private readonly OperatorInformers _informers;
    private readonly RegistryClient _registries;
    private readonly TagResolver _tags;
    private readonly RuntimePoller _runtimes;
    private readonly OwnClass _class;
    private readonly Leader _leader;

    public OperatorInstance(ApiServerClient client, OperatorOptions options, OperatorMetrics metrics, LeaderTerm term, TimeProvider time, ILoggerFactory loggers)
    {
        _informers = new OperatorInformers(client, options, time, loggers.CreateLogger("Wagi.Operator.Informers.Informer"));
        _registries = new RegistryClient(new RegistryClientOptions
        {
            InsecureRegistries = options.InsecureRegistries,
            Guard = new AddressGuard(options.Pulls, options.Trust),
            Attempts = 1, // The resolver asks again.
            TimeProvider = time,
        });
        _tags = new TagResolver(new RegistryTagLookup(_registries), options.Tags, metrics, time, loggers.CreateLogger<TagResolver>());
        _runtimes = new RuntimePoller(options.RuntimePace, time, loggers.CreateLogger<RuntimePoller>());

        var secrets = new ReferencedObjects<StoredSecret, SecretContent>(
            client, ApiResource.Secrets, _informers.Secrets, ValuesJsonContext.Default.StoredSecret, secret => secret.Content, loggers);
        var configMaps = new ReferencedObjects<StoredConfigMap, ConfigMapContent>(
            client, ApiResource.ConfigMaps, _informers.ConfigMaps, ValuesJsonContext.Default.StoredConfigMap, configMap => configMap.Content, loggers);
        _class = new OwnClass(_informers.Classes, _informers.Namespaces, options.Class, options.Namespace);
        var classWriter = options.Class is null ? null : new ClassWriter(client, _informers.Classes!, time, loggers.CreateLogger<ClassWriter>());
        var reporter = new StatusReporter(
            _informers.Modules, new StatusWriter(client, _informers.Modules, metrics),
            new EventRecorder(client, options.Identity, time, loggers.CreateLogger<EventRecorder>()));
        var annotator = _informers.Pods is null
            ? null
            : new PodAnnotator(client, _informers.Pods, pod => _class.Selects(pod.Metadata.Labels), options.RuntimePace.Behind, metrics, time, loggers.CreateLogger<PodAnnotator>());
        var reconciler = new ModulesReconciler(
            _informers.Modules, _class, ReportClassAsync, secrets, configMaps, _tags, _runtimes,
            new GeneratedObjects(
                Generated(ApiResource.ConfigMaps, options.ConfigMap, _informers.GeneratedConfigMap),
                Generated(ApiResource.Secrets, options.Secret, _informers.GeneratedSecret)),
            new WriteBudget(options.Writes, time),
            annotator, reporter, options.Plan, metrics, time);
        var loop = new ReconcileLoop("Reconciliation", reconciler.ReconcileAsync, metrics.Reconciled, time, loggers.CreateLogger<ReconcileLoop>());
        var reporting = new ReconcileLoop(
            "Reporting", reporter.WriteAsync, (_, succeeded) => metrics.Reported(succeeded), time, loggers.CreateLogger<ReconcileLoop>());
        var telling = annotator is null
            ? null
            : new ReconcileLoop("Annotation of pods", annotator.MarkAsync, static (_, _) => { }, time, loggers.CreateLogger<ReconcileLoop>());
        _leader = new Leader(options, _informers, _class, _runtimes, _tags, reconciler, loop, reporting, telling, time, loggers.CreateLogger<Leader>());
        Console = new OperatorConsole(new OverviewReporter(new OverviewSources
        {
            Modules = _informers.Modules,
            Classes = _informers.Classes,
            Namespaces = _informers.Namespaces,
            Pods = _informers.Pods,
            Class = _class,
            Reconciler = reconciler,
            Loop = loop,
            Runtimes = _runtimes,
            Tags = _tags,
            Leads = () => _leader.Leads,
            Troubles = () => NotReady.Concat(new[] { Stalled }.OfType<string>()),
            Settings = new OverviewSettings(options.Identity, options.Namespace, options.WatchNamespace, options.Class, options.ConfigMap, options.Plan),
        }));
        metrics.Observe(() => loop.IsTriggered ? 1 : 0, () => _leader.Leads);

        _informers.Modules.Changed += _ => loop.Trigger();
        if (_informers.Classes is not null)
        {
            _informers.Classes.Changed += _ => _leader.FollowRuntimes();
        }

        if (_informers.Namespaces is not null)
        {
            _informers.Namespaces.Changed += _ => loop.Trigger();
        }

        _informers.GeneratedSecret.Changed += _ => loop.Trigger();
        _informers.GeneratedConfigMap.Changed += _ => loop.Trigger();
        _informers.Secrets.Changed += key => TriggerIf(secrets.IsNamed(key));
        _informers.ConfigMaps.Changed += key => TriggerIf(configMaps.IsNamed(key));
        reporter.Pending += reporting.Trigger;
        if (annotator is not null)
        {
            annotator.Pending += telling!.Trigger;
        }

        reporter.Outdated += loop.Trigger;
        _tags.Changed += loop.Trigger;
        _runtimes.Changed += loop.Trigger;
        if (_informers.Pods is not null)
        {
            _informers.Pods.Changed += _ => _leader.FollowRuntimes();
        }

        _supervisor = new Supervisor(time);
        foreach (var informer in _informers.All)
        {
            _supervisor.Add($"the watch of {informer.Name}", LongestWatch, informer.RunAsync);
        }

        _supervisor.Add("the poller of the runtimes", LongestTurn, _runtimes.RunAsync);
        _supervisor.Add("the resolver of tags", LongestTurn, _tags.RunAsync);
        if (options.LeaderElection is { } election)
        {
            var elector = new LeaderElector(client, election, term, time, loggers.CreateLogger<LeaderElector>());
            _supervisor.Add("the leader election", LongestTurn, (progress, cancellationToken) => elector.RunAsync(_leader.RunAsync, progress, cancellationToken));
        }
        else
        {
            _supervisor.Add("the only instance", LongestTurn, (progress, cancellationToken) => Waiting.ForAsync(_leader.RunAsync(cancellationToken), progress, time));
        }

        GeneratedObject Generated(ApiResource resource, string name, Informer<PartialObject> informer) =>
            new(client, resource, new ObjectKey(options.Namespace, name), informer, metrics, loggers.CreateLogger<GeneratedObject>());

        async Task ReportClassAsync(ClassReading reading, CancellationToken cancellationToken)
        {
            if (classWriter is not null)
            {
                await classWriter.ApplyAsync(options.ClassManifest, reading.Roster.IsMissing, _class.Namespaces.GetValueOrDefault(options.Namespace), cancellationToken);
                await (reading.Roster.Own is { } own ? classWriter.ReportAsync(own, reading.Problems, cancellationToken) : Task.CompletedTask);
            }
        }

        void TriggerIf(bool concerns)
        {
            if (concerns)
            {
                loop.Trigger();
            }
        }
    }

    /// <summary>Shows what the operator does.</summary>
    public OperatorConsole Console { get; }

    /// <summary>What keeps the operator from doing its work, one line each; empty when nothing does.</summary>
    public IEnumerable<string> NotReady => _informers.NotListed.Concat(
        _informers.Classes is { Synced.IsCompleted: true } && _class.Read().Trouble is { } trouble ? [trouble] : []);

    /// <summary>The loop that makes no progress, as a sentence; null while all do.</summary>
    public string? Stalled => _supervisor.Stalled ?? _leader.Stalled;

    /// <inheritdoc/>
    public override void Dispose()
    {
        _tags.Dispose();
        _runtimes.Dispose();
        _registries.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => _supervisor.RunAsync(stoppingToken);
}
