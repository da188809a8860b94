using System.CommandLine;
using System.Diagnostics;
using Wagi.Hosting.CommandLine;
using Wagi.Kubernetes.ApiServer;
using Wagi.Kubernetes.Resources;
using Wagi.Kubernetes.Yaml;
using Wagi.Modules.Limits;
using Wagi.Modules.Outbound;
using Wagi.Modules.Routes;
using Wagi.Oci.Errors;
using Wagi.Oci.Modules;
using Wagi.Oci.References;
using Wagi.Runtime.Cluster;
using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Commands;

/// <summary><c>wagi deploy FILE REFERENCE --route /x</c>.</summary>
internal sealed class DeployCommand
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(300);

    private readonly Argument<string> _file = new("FILE") { Description = "The module: Wasm, or WebAssembly text (.wat), which is translated to Wasm first." };
    private readonly Argument<string> _reference = new("REFERENCE") { Description = "Where to push it: REGISTRY/REPOSITORY:TAG, which the cluster can reach, too." };
    private readonly PushArguments _push = new();
    private readonly ClusterArguments _cluster = new();
    private readonly EnvironmentArguments _environment = new("Environment variable of the module; may be repeated. Anybody who may read the WagiModule reads it.");

    private readonly Option<string> _route = new("--route")
    {
        Description = "Path that the module answers: /hello, or /hello/... with everything below it.",
        HelpName = "ROUTE",
        Required = true,
    };

    private readonly Option<string?> _name = new("--name")
    {
        Description = "Name of the WagiModule. Default: the last part of the repository.",
        HelpName = "NAME",
    };

    private readonly Option<string[]> _host = new("--host")
    {
        Description = "Host that the module answers for; may be repeated. Default: every host.",
        HelpName = "HOST",
    };

    private readonly Option<string[]> _allowedHost = new("--allowed-host")
    {
        Description = "Origin that the module may send HTTP requests to; may be repeated.",
        HelpName = "ORIGIN",
    };

    private readonly Option<string?> _class = new("--class")
    {
        Description = "WagiClass of the module. Default: the cluster's default one.",
        HelpName = "NAME",
    };

    private readonly Option<string[]> _pullSecret = new("--pull-secret")
    {
        Description = "Secret of the namespace with the credentials by which the cluster pulls the module; may be repeated.",
        HelpName = "NAME",
    };

    private readonly Option<bool> _forceConflicts = new("--force-conflicts")
    {
        Description = "Take over fields of the WagiModule that others have applied, such as kubectl.",
    };

    private readonly Option<bool> _dryRun = new("--dry-run")
    {
        Description = "Print the WagiModule and do nothing. It has the tag where a deployed one has the digest.",
    };

    private readonly Option<string> _timeout = new("--timeout")
    {
        Description = "How long to wait until the module is ready.",
        HelpName = "DURATION",
        DefaultValueFactory = _ => "60s",
    };

    public Command Create()
    {
        var command = new Command(
            "deploy", "Push a module, put a WagiModule for it into the cluster, and wait until it is served. Prints its URL; code 1 and the reason when it is not.");
        command.Arguments.Add(_file);
        command.Arguments.Add(_reference);
        Option[] options =
        [
            _route, _host, _name, .. _cluster.Options, _allowedHost, .. _environment.Options, _class, _pullSecret,
            _timeout, _dryRun, _forceConflicts, .. _push.Options,
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
            var reference = ReadReference(arguments);
            var deployment = Read(arguments, reference);
            var timeout = Arguments.ReadDuration(arguments, _timeout);
            var module = await PushArguments.ReadAsync(arguments.GetRequiredValue(_file), cancellationToken);
            ModulePublisher.Check(module.Wasm, module.Name);
            if (arguments.GetValue(_dryRun))
            {
                await arguments.InvocationConfiguration.Output.WriteAsync(YamlWriter.Write(deployment.Manifest(reference)));
                return ExitCodes.Success;
            }

            var (client, @namespace) = _cluster.Connect(arguments);
            using (client)
            {
                var store = new ModuleStore(client);
                var applied = await ApplyAsync(arguments, store, deployment with { Namespace = @namespace }, module, reference, cancellationToken);
                return await WaitAsync(arguments, store, applied, timeout, cancellationToken);
            }
        }
        catch (UsageException exception)
        {
            return await ExitCodes.UsageAsync(arguments, exception);
        }
        catch (GuestLoadException exception)
        {
            return await ExitCodes.FailAsync(arguments, $"{arguments.GetRequiredValue(_file)}: {exception.Message}");
        }
        catch (Exception exception) when (exception is ClusterException or KubeconfigException or OciException or IOException or UnauthorizedAccessException
            or FormatException)
        {
            return await ExitCodes.FailAsync(arguments, exception.Message);
        }
    }

    /// <summary>Nothing is pushed before the cluster has said that it would take the WagiModule.</summary>
    private async Task<WagiModule> ApplyAsync(
        ParseResult arguments, ModuleStore store, Deployment deployment, (byte[] Wasm, string Name) module, Reference reference, CancellationToken cancellationToken)
    {
        var key = new ObjectKey(deployment.Namespace!, deployment.Name);
        var error = arguments.InvocationConfiguration.Error;
        var before = await store.FindAsync(key, cancellationToken);
        var options = arguments.GetValue(_forceConflicts) ? ApplyOptions.Force : ApplyOptions.None;
        await store.ApplyAsync(before, key, deployment.Manifest(reference), options | ApplyOptions.DryRun, cancellationToken);

        using var registry = _push.Connect(arguments);
        var pushed = await _push.PushAsync(arguments, registry, module, reference, cancellationToken);
        await error.WriteLineAsync($"pushed oci://{pushed.Reference}");

        var applied = await store.ApplyAsync(before, key, deployment.Manifest(pushed.Reference), options, cancellationToken);
        var change = before is null ? "created" : before.Metadata.Generation == applied.Metadata.Generation ? "unchanged" : "configured";
        await error.WriteLineAsync($"wagimodule {key} {change}");
        return applied;
    }

    private static async Task<int> WaitAsync(ParseResult arguments, ModuleStore store, WagiModule applied, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var error = arguments.InvocationConfiguration.Error;
        var readiness = new ModuleReadiness(applied.Metadata.Generation ?? 0);
        var start = Stopwatch.GetTimestamp();
        for (var module = applied; ; module = await LookAgainAsync(store, applied.Key, cancellationToken))
        {
            foreach (var line in readiness.Look(module))
            {
                await error.WriteLineAsync(line);
            }

            if (readiness.IsReady)
            {
                await TellAddressAsync(arguments, module);
                return ExitCodes.Success;
            }

            if (readiness.IsStalled || Stopwatch.GetElapsedTime(start) > timeout)
            {
                return await ExitCodes.FailAsync(arguments, Explain(module, readiness, timeout));
            }
        }
    }

    private static async Task<WagiModule> LookAgainAsync(ModuleStore store, ObjectKey key, CancellationToken cancellationToken)
    {
        await Task.Delay(LookInterval, cancellationToken);
        return await store.FindAsync(key, cancellationToken) ?? throw new ClusterException($"{key} has been deleted meanwhile");
    }

    private static async Task TellAddressAsync(ParseResult arguments, WagiModule module)
    {
        var way = ModuleAddress.Forwarding(module);
        if (module.Status?.Url is { } url)
        {
            await arguments.InvocationConfiguration.Output.WriteLineAsync(Terminal.OneLine(url));
            if (way is not null)
            {
                await arguments.InvocationConfiguration.Error.WriteLineAsync($"from outside of the cluster:\n{way}");
            }
        }
        else
        {
            await arguments.InvocationConfiguration.Output.WriteLineAsync(way);
        }
    }

    private static string Explain(WagiModule module, ModuleReadiness readiness, TimeSpan timeout)
    {
        if (readiness.Trouble is not { } trouble)
        {
            return $"{module.Key} is not ready after {Duration.Format(timeout)}: no operator has looked at it. {Explanation.OperatorQuestion}\n"
                + Explanation.OperatorCommand;
        }

        var waited = readiness.IsStalled ? "" : $" after {Duration.Format(timeout)}";
        var said = $"{module.Key} is not ready{waited}: {trouble.Reason}: {Terminal.OneLine(trouble.Message)}";
        return ReasonAdvice.All.TryGetValue(trouble.Reason, out var advice) ? $"{said}\n{advice.Text}\n  {advice.CommandFor(module)}" : said;
    }

    private Reference ReadReference(ParseResult arguments)
    {
        var text = arguments.GetRequiredValue(_reference);
        return Reference.TryParse(text, out var reference, out var problem) ? reference : throw new UsageException(problem);
    }

    private Deployment Read(ParseResult arguments, Reference reference)
    {
        var route = arguments.GetRequiredValue(_route);
        if (!RoutePattern.TryParse(route, out _, out var problem))
        {
            throw new UsageException($"{_route.Name}: {problem}");
        }

        var hosts = arguments.GetValue(_host) ?? [];
        foreach (var host in hosts)
        {
            _ = HostPattern.TryParse(host, out _, out problem) ? true : throw new UsageException($"{_host.Name}: {problem}");
        }

        var allowed = arguments.GetValue(_allowedHost) ?? [];
        foreach (var origin in allowed)
        {
            _ = AllowedHost.TryParse(origin, out _, out problem) ? true : throw new UsageException($"{_allowedHost.Name}: {problem}");
        }

        return new Deployment
        {
            Name = ReadName(arguments, reference),
            Namespace = _cluster.ReadNamespace(arguments),
            Route = route,
            Hosts = hosts,
            AllowedHosts = allowed,
            Environment = _environment.Read(arguments),
            ClassName = arguments.GetValue(_class),
            PullSecrets = arguments.GetValue(_pullSecret) ?? [],
        };
    }

    private string ReadName(ParseResult arguments, Reference reference)
    {
        if (arguments.GetValue(_name) is not { } name)
        {
            return Deployment.NameOf(reference) ?? throw new UsageException($"'{reference.Repository}' makes no name for a WagiModule: give one with {_name.Name}");
        }

        return Deployment.IsName(name)
            ? name
            : throw new UsageException($"{_name.Name} '{name}' is not the name of an object: lower-case letters, digits, '-' and '.', such as hello-2");
    }
}
