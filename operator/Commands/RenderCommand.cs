using System.CommandLine;
using System.Runtime.InteropServices;
using Wagi.Hosting.CommandLine;
using Wagi.Kubernetes.Resources;
using Wagi.Modules.Network;
using Wagi.Oci.Authentication;
using Wagi.Oci.Remote;
using Wagi.Operator.Rendering;
using Wagi.Operator.Tags;

namespace Wagi.Operator.Commands;

/// <summary><c>wagi-operator render</c>.</summary>
internal sealed class RenderCommand
{
    private readonly Argument<string> _manifests = new("DIR")
    {
        Description = "Folder with manifests (*.yaml, *.yml, *.json, everything below it), or one file. WagiModules, WagiClasses, Namespaces, " +
            "Secrets and ConfigMaps are read; a WagiModule without namespace is in 'default'.",
    };

    private readonly Option<string?> _output = new("--output", "-o")
    {
        Description = "File to write modules.toml to, when it changes. Default: standard output.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _secretsDirectory = new("--secrets-dir")
    {
        Description = "Folder to write the modules' secret values and pull credentials to, for wagi serve --secrets-dir.",
        HelpName = "DIR",
    };

    private readonly Option<string?> _moduleDirectory = new("--module-dir")
    {
        Description = "Folder with modules: NAME.wasm or NAME.wat in it is served for every repository whose name ends in NAME.",
        HelpName = "DIR",
    };

    private readonly Option<string?> _class = new("--class")
    {
        Description = "Render the WagiModules of this WagiClass, by its rules, when the manifests hold classes. Default: the default class, else the first.",
        HelpName = "NAME",
    };

    private readonly Option<bool> _watch = new("--watch", "-w")
    {
        Description = "Go on and write again when a manifest changes. What becomes wrong keeps its last good version.",
    };

    private readonly Option<bool> _resolve = new("--resolve")
    {
        Description = "Ask the registries for the digests of tags. Default: tags stay as they are.",
    };

    private readonly RegistryArguments _registry = new();

    /// <summary>The command <c>render</c>.</summary>
    public Command Create()
    {
        var command = new Command(
            "render",
            "Print the modules.toml of WagiModule manifests, without a cluster, and the verdicts on standard error. " +
            "Exit code 1 if anything is refused.");
        command.Arguments.Add(_manifests);
        Option[] options = [_output, _secretsDirectory, _moduleDirectory, _class, _watch, _resolve, .. _registry.Options];
        foreach (var option in options)
        {
            command.Options.Add(option);
        }

        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var options = new RenderOptions
        {
            Manifests = arguments.GetRequiredValue(_manifests),
            Output = arguments.GetValue(_output),
            SecretsDirectory = arguments.GetValue(_secretsDirectory),
            ModuleDirectory = arguments.GetValue(_moduleDirectory),
            Class = arguments.GetValue(_class),
            Watch = arguments.GetValue(_watch),
            Resolve = arguments.GetValue(_resolve),
        };
        foreach (var path in new[] { options.Manifests, options.ModuleDirectory }.OfType<string>())
        {
            if (!Path.Exists(path))
            {
                await arguments.InvocationConfiguration.Error.WriteLineAsync($"wagi-operator: {path} does not exist");
                return ExitCodes.Usage;
            }
        }

        using var client = new RegistryClient(new RegistryClientOptions
        {
            InsecureRegistries = _registry.ReadInsecure(arguments),
            Guard = new AddressGuard(new AddressRules(), _registry.ReadTrust(arguments)),
        });
        ICredentialStore credentials = options.Resolve ? DockerConfigCredentialStore.FromUserConfiguration() : AnonymousCredentialStore.Instance;
        var session = new RenderSession(options, new TagAnswers(new RegistryTagLookup(client), credentials), TimeProvider.System);
        return options.Watch
            ? await WatchAsync(session, options, arguments.InvocationConfiguration, cancellationToken)
            : await RenderAsync(session, arguments.InvocationConfiguration, null, cancellationToken) is { IsGood: true } ? ExitCodes.Success : ExitCodes.Failure;
    }

    private static async Task<int> WatchAsync(
        RenderSession session, RenderOptions options, InvocationConfiguration console, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        void OnSignal(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.Cancel();
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);

        // Watched before it is first read, so that no change is missed in between.
        using var watch = new FolderWatch(new[] { options.Manifests, options.ModuleDirectory }.OfType<string>(), TimeProvider.System);
        try
        {
            RenderedModules? last = null;
            while (true)
            {
                last = await RenderAsync(session, console, last, stop.Token) ?? last;
                await watch.WaitAsync(stop.Token);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return ExitCodes.Success;
        }
    }

    /// <summary>Renders and writes, and prints only what has changed since the last time. Null when a file could not be read or written.</summary>
    private static async Task<RenderedModules?> RenderAsync(
        RenderSession session, InvocationConfiguration console, RenderedModules? last, CancellationToken cancellationToken)
    {
        try
        {
            var rendered = await session.RenderAsync(cancellationToken);
            await console.Error.WriteAsync(rendered.Report(last));
            foreach (var warning in session.Warnings(rendered).Except(last is null ? [] : session.Warnings(last)))
            {
                await console.Error.WriteLineAsync(warning);
            }

            session.Write(rendered, last?.Plan.Toml == rendered.Plan.Toml ? TextWriter.Null : console.Output);
            return rendered;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            await console.Error.WriteLineAsync($"wagi-operator: {exception.Message}");
            return null;
        }
    }
}
