using System.CommandLine;
using k8s;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;
using Wagi.Hosting.CommandLine;
using Wagi.Hosting.Logging;
using Wagi.Hosting.Supervision;
using Wagi.Hosting.Telemetry;
using Wagi.Kubernetes.ApiServer;
using Wagi.Kubernetes.Resources;
using Wagi.Modules.Limits;
using Wagi.Modules.Network;
using Wagi.Operator.Instance;
using Wagi.Operator.LeaderElection;
using Wagi.Operator.Planning;
using Wagi.Operator.Tags;

namespace Wagi.Operator.Commands;

/// <summary><c>wagi-operator run</c>.</summary>
internal sealed class RunCommand
{
    private static readonly OperatorOptions Defaults = new() { Namespace = "wagi-system" };

    private readonly Option<string?> _kubeconfig = new("--kubeconfig")
    {
        Description = "Kubeconfig file. Default: the files of KUBECONFIG, else the pod's service account, else ~/.kube/config.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _context = new("--context")
    {
        Description = "Context of the kubeconfig. Default: its current one.",
        HelpName = "NAME",
    };

    private readonly Option<string?> _namespace = new("--namespace", "-n")
    {
        Description = "Namespace of the runtimes and of what is generated for them. Default: POD_NAMESPACE, else the pod's, else the context's, " +
            "else wagi-system.",
        HelpName = "NAME",
    };

    private readonly Option<string?> _watchNamespace = new("--watch-namespace")
    {
        Description = "Serve the WagiModules of this namespace only. Default: of all.",
        HelpName = "NAME",
    };

    private readonly Option<string?> _class = new("--class")
    {
        Description = "Serve the WagiModules of this WagiClass, by its rules. Default: those that have no class.",
        HelpName = "NAME",
    };

    private readonly Option<string?> _classFile = new("--class-file")
    {
        Description = "Manifest of the class, which is applied at the start.",
        HelpName = "FILE",
    };

    private readonly Option<string> _configMap = new("--configmap")
    {
        Description = "Name of the generated ConfigMap.",
        HelpName = "NAME",
        DefaultValueFactory = _ => Defaults.ConfigMap,
    };

    private readonly Option<string> _secret = new("--secret")
    {
        Description = "Name of the generated Secret.",
        HelpName = "NAME",
        DefaultValueFactory = _ => Defaults.Secret,
    };

    private readonly Option<string[]> _runtime = new("--runtime")
    {
        Description = "Admin address of a runtime that is no pod; may be repeated. With it no pods are looked for.",
        HelpName = "URL",
    };

    private readonly Option<string> _runtimeSelector = new("--runtime-selector")
    {
        Description = "Labels of the runtime pods.",
        HelpName = "KEY=VALUE,…",
        DefaultValueFactory = _ => Defaults.RuntimeSelector,
    };

    private readonly Option<int> _runtimeAdminPort = new("--runtime-admin-port")
    {
        Description = "Admin port of the runtime pods.",
        HelpName = "PORT",
        DefaultValueFactory = _ => Defaults.RuntimeAdminPort,
    };

    private readonly Option<string> _resolveInterval = new("--resolve-interval")
    {
        Description = "How long a tag's digest counts before the registry is asked again.",
        HelpName = "DURATION",
        DefaultValueFactory = _ => Duration.Format(Defaults.Tags.Interval),
    };

    private readonly RegistryArguments _registry = new();

    private readonly AddressArguments _pull = new("pull", "questions to registries");

    private readonly Option<string?> _baseUrl = new("--base-url")
    {
        Description = "Where clients reach the runtimes, for status.url.",
        HelpName = "URL",
    };

    private readonly Option<bool?> _leaderElect = new("--leader-elect")
    {
        Description = "Let one of several instances lead, by a Lease in the operator's namespace. Default: in a pod.",
    };

    private readonly Option<string> _health = new("--health")
    {
        Description = "Address and port of /healthz/live, /healthz/ready and /metrics, and of the console, which answers to this machine alone.",
        HelpName = "IP:PORT",
        DefaultValueFactory = _ => Defaults.Health.ToString(),
    };

    private readonly LogArguments _log = new();

    /// <summary>The command <c>run</c>.</summary>
    public Command Create()
    {
        var command = new Command("run", "Serve the WagiModules of a cluster: write modules.toml for the runtimes, report what they serve.");
        Option[] options =
        [
            _kubeconfig, _context, _namespace, _watchNamespace, _class, _classFile, _configMap, _secret, _runtime, _runtimeSelector, _runtimeAdminPort,
            _resolveInterval, .. _registry.Options, .. _pull.Options, _baseUrl, _leaderElect, _health, .. _log.Options,
        ];
        foreach (var option in options)
        {
            command.Options.Add(option);
        }

        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        try
        {
            var configuration = Kubeconfig.Load(arguments.GetValue(_kubeconfig), arguments.GetValue(_context));
            await using var application = OperatorApplication.Build(configuration, Read(arguments, configuration));
            await OperatorApplication.RunAsync(application, cancellationToken);
            return ExitCodes.Success;
        }
        catch (UsageException exception)
        {
            return await ExitCodes.UsageAsync(arguments, exception);
        }
        catch (Exception exception) when (exception is KubeconfigException or LoopEndedException)
        {
            return await ExitCodes.FailAsync(arguments, exception.Message);
        }
        catch (IOException exception)
        {
            // The health address is taken.
            return await ExitCodes.FailAsync(arguments, $"{exception.Message} (choose another with --health)");
        }
    }

    private OperatorOptions Read(ParseResult arguments, KubernetesClientConfiguration configuration)
    {
        var isInCluster = arguments.GetValue(_kubeconfig) is null && KubernetesClientConfiguration.IsInCluster();
        var @namespace = arguments.GetValue(_namespace)
            ?? NullIfEmpty(Environment.GetEnvironmentVariable("POD_NAMESPACE"))
            ?? NullIfEmpty(configuration.Namespace)
            ?? Defaults.Namespace;
        var identity = Defaults.Identity;
        var manifest = arguments.GetValue(_classFile) is { } file ? ClassFile.Read(file) : null;
        return new OperatorOptions
        {
            Namespace = @namespace,
            WatchNamespace = arguments.GetValue(_watchNamespace),
            Class = ClassFile.NameOf(NullIfEmpty(arguments.GetValue(_class)), manifest),
            ClassManifest = manifest,
            ConfigMap = arguments.GetRequiredValue(_configMap),
            Secret = arguments.GetRequiredValue(_secret),
            Runtimes = [.. (arguments.GetValue(_runtime) ?? []).Select(text => ReadUrl(_runtime, text))],
            RuntimeSelector = arguments.GetRequiredValue(_runtimeSelector),
            RuntimeAdminPort = ReadPort(arguments),
            Tags = new ResolverOptions { Interval = ReadInterval(arguments) },
            InsecureRegistries = _registry.ReadInsecure(arguments),
            Trust = _registry.ReadTrust(arguments),
            Pulls = _pull.Read(arguments, isInCluster ? OwnAddresses.Denied : OwnAddresses.Allowed),
            Plan = new PlanSettings { BaseUrl = arguments.GetValue(_baseUrl) is { } url ? ReadUrl(_baseUrl, url) : null },
            Identity = identity,
            LeaderElection = arguments.GetValue(_leaderElect) ?? isInCluster
                ? new LeaderElectionOptions { Lease = new ObjectKey(@namespace, OperatorInstance.LeaseName), Identity = identity }
                : null,
            Health = Arguments.ReadEndPoint(arguments, _health),
            Export = OtlpExport.Read(Environment.GetEnvironmentVariable),
            Log = _log.Read(arguments),
        };
    }

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static Uri ReadUrl(Option option, string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url is { Query: "", Fragment: "" }
            ? url
            : throw new UsageException($"{option.Name} '{text}' is not a URL; write for example http://127.0.0.1:8081");

    private int ReadPort(ParseResult arguments) =>
        arguments.GetValue(_runtimeAdminPort) is var port and > 0 and <= ushort.MaxValue
            ? port
            : throw new UsageException($"{_runtimeAdminPort.Name} must be between 1 and {ushort.MaxValue}");

    private TimeSpan ReadInterval(ParseResult arguments)
    {
        var interval = Arguments.ReadDuration(arguments, _resolveInterval);
        return interval >= TimeSpan.FromSeconds(1)
            ? interval
            : throw new UsageException($"{_resolveInterval.Name} must be at least 1s: every tag in use is asked for that often");
    }
}
