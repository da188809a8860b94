using System.Collections.Immutable;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Wagi.Oci.Remote;
using Wagi.Operator.ApiServer;
using Wagi.Operator.Applying;
using Wagi.Operator.Informers;
using Wagi.Operator.LeaderElection;
using Wagi.Operator.Metrics;
using Wagi.Operator.Planning;
using Wagi.Operator.Reconciling;
using Wagi.Operator.Resources;
using Wagi.Operator.Runtimes;
using Wagi.Operator.Tags;
using Wagi.Operator.Values;

namespace Wagi.Operator.Instance;

/// <summary>
/// One running operator. Its informers follow the API server from the start to the end; while it leads, it reconciles as well.
/// </summary>
internal sealed partial class OperatorInstance : BackgroundService
{
    /// <summary>Name of the Lease.</summary>
    public const string LeaseName = "wagi-operator";

    /// <summary>Everything is one unit of work: each plan is made from all WagiModules.</summary>
    private const string Everything = "modules";

    /// <summary>How long a new leader waits for the runtimes' first answers, so that it does not call modules not ready that are.</summary>
    private static readonly TimeSpan FirstAnswers = TimeSpan.FromSeconds(5);

    private readonly OperatorOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<OperatorInstance> _logger;
    private readonly OperatorMetrics _metrics;
    private readonly Informer<WagiModule> _modules;
    private readonly Informer<PartialObject> _secrets;
    private readonly Informer<PartialObject> _configMaps;
    private readonly Informer<PartialObject> _generatedSecret;
    private readonly Informer<PartialObject> _generatedConfigMap;
    private readonly Informer<RuntimePod>? _pods;
    private readonly RegistryClient _registries;
    private readonly TagResolver _tags;
    private readonly RuntimePoller _runtimes;
    private readonly WorkQueue<string> _queue;
    private readonly Controller<string> _controller;
    private readonly ModulesReconciler _reconciler;
    private readonly LeaderElector? _elector;
    private readonly Lock _following = new();
    private bool _leads;

    public OperatorInstance(ApiServerClient client, OperatorOptions options, OperatorMetrics metrics, TimeProvider time, ILoggerFactory loggers)
    {
        _options = options;
        _time = time;
        _metrics = metrics;
        _logger = loggers.CreateLogger<OperatorInstance>();
        var informers = new OperatorInformers(client, options, time, loggers.CreateLogger("Wagi.Operator.Informers.Informer"));
        _modules = informers.Modules();
        _secrets = informers.Referenced(ApiResource.Secrets);
        _configMaps = informers.Referenced(ApiResource.ConfigMaps);
        _generatedSecret = informers.Generated(ApiResource.Secrets, options.Secret);
        _generatedConfigMap = informers.Generated(ApiResource.ConfigMaps, options.ConfigMap);
        _pods = options.Runtimes.IsEmpty ? informers.Pods() : null;

        _registries = new RegistryClient(new RegistryClientOptions
        {
            InsecureRegistries = options.InsecureRegistries,
            Attempts = 1, // The resolver asks again.
            TimeProvider = time,
        });
        _tags = new TagResolver(new RegistryTagLookup(_registries), options.Tags, metrics, time, loggers.CreateLogger<TagResolver>());
        _runtimes = new RuntimePoller(options.RuntimePace, time, loggers.CreateLogger<RuntimePoller>());
        _queue = new WorkQueue<string>(time);

        var secrets = new ReferencedObjects<StoredSecret, SecretContent>(
            client, ApiResource.Secrets, _secrets, ValuesJsonContext.Default.StoredSecret, secret => secret.Content, _logger);
        var configMaps = new ReferencedObjects<StoredConfigMap, ConfigMapContent>(
            client, ApiResource.ConfigMaps, _configMaps, ValuesJsonContext.Default.StoredConfigMap, configMap => configMap.Content, _logger);
        _reconciler = new ModulesReconciler(
            _modules, secrets, configMaps, _tags, _runtimes,
            new GeneratedObjects(
                Generated(ApiResource.ConfigMaps, options.ConfigMap, _generatedConfigMap),
                Generated(ApiResource.Secrets, options.Secret, _generatedSecret)),
            _pods is null ? null : new PodAnnotator(client, _pods, metrics, loggers.CreateLogger<PodAnnotator>()),
            new StatusWriter(client, _modules, metrics),
            new EventRecorder(client, options.Identity, time, loggers.CreateLogger<EventRecorder>()),
            options.Plan, metrics, time);
        _controller = new Controller<string>(
            _queue, (_, cancellationToken) => _reconciler.ReconcileAsync(cancellationToken), metrics, time, loggers.CreateLogger("Wagi.Operator.Reconciling.Controller"));
        _elector = options.LeaderElection is null
            ? null
            : new LeaderElector(client, options.LeaderElection, time, loggers.CreateLogger<LeaderElector>());
        metrics.Observe(() => _queue.Count, () => _leads);

        _modules.Changed += _ => _queue.Add(Everything);
        _generatedSecret.Changed += _ => _queue.Add(Everything);
        _generatedConfigMap.Changed += _ => _queue.Add(Everything);
        _tags.Changed += () => _queue.Add(Everything);
        _runtimes.Changed += () => _queue.Add(Everything);
        _secrets.Changed += key => AddIf(secrets.IsNamed(key));
        _configMaps.Changed += key => AddIf(configMaps.IsNamed(key));
        if (_pods is not null) _pods.Changed += _ => FollowRuntimes();

        GeneratedObject Generated(ApiResource resource, string name, Informer<PartialObject> informer) =>
            new(client, resource, new ObjectKey(options.Namespace, name), informer, metrics, loggers.CreateLogger<GeneratedObject>());
    }

    /// <summary>What keeps the operator from doing its work, one line each; empty when nothing does.</summary>
    public IEnumerable<string> NotReady =>
        Caches.Where(cache => !cache.Synced.IsCompleted).Select(cache => $"{cache.Name}: {cache.Trouble ?? "not listed yet"}");

    private IEnumerable<(string Name, Task Synced, string? Trouble)> Caches
    {
        get
        {
            yield return (_modules.Name, _modules.Synced, _modules.Trouble);
            foreach (var informer in new[] { _secrets, _configMaps, _generatedSecret, _generatedConfigMap })
                yield return (informer.Name, informer.Synced, informer.Trouble);
            if (_pods is not null) yield return (_pods.Name, _pods.Synced, _pods.Trouble);
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _tags.Dispose();
        _runtimes.Dispose();
        _queue.Dispose();
        _registries.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Task[] informers =
        [
            _modules.RunAsync(stoppingToken),
            _secrets.RunAsync(stoppingToken),
            _configMaps.RunAsync(stoppingToken),
            _generatedSecret.RunAsync(stoppingToken),
            _generatedConfigMap.RunAsync(stoppingToken),
            _pods?.RunAsync(stoppingToken) ?? Task.CompletedTask,
        ];
        await (_elector is null ? LeadAsync(stoppingToken) : _elector.RunAsync(LeadAsync, stoppingToken));
        await Task.WhenAll(informers);
    }

    private async Task LeadAsync(CancellationToken cancellationToken)
    {
        try
        {
            // Nothing may be written from half a picture: it would look as if modules had been deleted.
            await Task.WhenAll(Caches.Select(cache => cache.Synced)).WaitAsync(cancellationToken);
            _leads = true;
            _reconciler.Forget();
            FollowRuntimes();
            await FirstAnswersAsync(cancellationToken);
            LogReconciling(_logger, _modules.Objects.Count, _options.Namespace, _options.ConfigMap);
            _queue.Add(Everything);
            await _controller.RunAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Somebody else leads, or it is the end.
        }
        finally
        {
            lock (_following)
            {
                _leads = false;
                _runtimes.Follow(ImmutableDictionary<RuntimeEndpoint, bool>.Empty);
            }

            _tags.Follow(ImmutableHashSet<ResolutionRequest>.Empty, ImmutableDictionary<ObjectKey, SecretContent?>.Empty);
        }
    }

    private async Task FirstAnswersAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _runtimes.AskedAsync(cancellationToken).WaitAsync(FirstAnswers, _time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // Those that hang are reported as such.
        }
    }

    private void FollowRuntimes()
    {
        // One at a time: what was read first must not be followed last.
        lock (_following)
        {
            if (!_leads) return;
            _runtimes.Follow(_pods is null
                ? _options.Runtimes.Select(RuntimeEndpoint.At).Distinct().ToDictionary(endpoint => endpoint, _ => true)
                : _pods.Objects.Values.Where(pod => pod.IsRunning).ToDictionary(pod => RuntimeEndpoint.Of(pod, _options.RuntimeAdminPort), pod => pod.IsReady));
        }

        _queue.Add(Everything);
    }

    private void AddIf(bool concerns)
    {
        if (concerns) _queue.Add(Everything);
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "Serving {Count} WagiModules through ConfigMap {Namespace}/{ConfigMap}")]
    private static partial void LogReconciling(ILogger logger, int count, string @namespace, string configMap);
}
