using System.Collections.Immutable;
using System.CommandLine;
using Wagi.Hosting.CommandLine;
using Wagi.Modules.Limits;
using Wagi.Modules.Outbound;
using Wagi.Modules.Volumes;
using Wagi.Runtime.Cgi;
using Wagi.Runtime.Composition;
using Wagi.Runtime.Configuration;
using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Commands;

/// <summary>The arguments and options of <c>wagi run</c>.</summary>
internal sealed class RunArguments
{
    private const string Stdio = "stdio";

    private readonly Argument<string> _file = new("FILE")
    {
        Description = "The module: Wasm, WebAssembly text, or what 'wagi compile' wrote; a folder with one; or a reference such as oci://ghcr.io/me/hello:v1. For a request also a modules.toml.",
        HelpName = "FILE|DIR|REFERENCE",
    };

    private readonly Argument<string[]> _arguments = new("ARGS")
    {
        Description = "Arguments for the module, after '--'; FILE comes before them.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly EnvironmentArguments _environment = new("Environment variable for the module, which sees no others; may be repeated.");

    private readonly LoaderArguments _loader;

    private readonly RequestArguments _request = new();

    private readonly Option<string?> _entrypoint = new("--entrypoint")
    {
        Description = $"Exported function to call instead of {Guest.DefaultEntrypoint}.",
        HelpName = "NAME",
    };

    private readonly Option<string> _timeout = new("--timeout")
    {
        Description = "How long it may run.",
        HelpName = "DURATION",
        DefaultValueFactory = _ => Duration.Format(new HandlerDefaults().Timeout),
    };

    private readonly Option<string> _memoryLimit = new("--memory-limit")
    {
        Description = "Memory that it may use.",
        HelpName = "SIZE",
        DefaultValueFactory = _ => ByteSize.Format(new HandlerDefaults().MemoryLimit),
    };

    private readonly Option<string?> _wasi = new("--wasi")
    {
        Description = "WASI preview 1 without files (stdio) or with (full). Default: full with --volume, else stdio, as for requests.",
        HelpName = "stdio|full",
    };

    private readonly Option<string[]> _volume = new("--volume")
    {
        Description = "Folder of the host that the module finds at GUEST; ':ro' makes it read-only. May be repeated.",
        HelpName = "GUEST=HOST[:ro]",
    };

    private readonly Option<string[]> _allowedHost = new("--allowed-host")
    {
        Description = $"Origin that the module's HTTP requests may go to, or {AllowedHost.AllowAll}. None: nothing is reachable. May be repeated.",
        HelpName = "URL",
    };

    public RunArguments() => _loader = new LoaderArguments(_environment);

    /// <summary>Adds the arguments and options to a command.</summary>
    public void AddTo(Command command)
    {
        _wasi.AcceptOnlyFromAmong(Stdio, "full");
        command.Arguments.Add(_file);
        command.Arguments.Add(_arguments);
        Option[] options =
        [
            .. _request.Options, _entrypoint, _timeout, _memoryLimit, _wasi, _volume, _allowedHost, .. _loader.Options, .. _loader.Bindle.ServerOptions,
        ];
        foreach (var option in options)
        {
            command.Options.Add(option);
        }
    }

    /// <summary>What the arguments say.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="stdin">Standard input, for a request that comes from there.</param>
    /// <exception cref="UsageException">One of them is wrong, or they contradict each other.</exception>
    public RunOptions Read(ParseResult arguments, Stream stdin)
    {
        var origin = ModulesArguments.Find(arguments.GetRequiredValue(_file), isModule: true);
        string[] more = arguments.GetValue(_arguments) ?? [];
        var request = _request.Read(arguments, stdin);
        if (request is null && origin.Module is null)
        {
            throw new UsageException($"'{origin.Name}' is no module: name one, or send a request with --path, which goes to the module that has its route");
        }

        if (request is not null && more.Length > 0)
        {
            throw new UsageException($"'{more[0]}' is an argument, and a request has none: the module's come from --query");
        }

        return new RunOptions
        {
            Origin = origin,
            Request = request,
            Loader = _loader.Read(arguments, origin.BaseDirectory),
            Arguments = [origin.Name, .. more],
            Environment = _environment.Read(arguments),
            HasTimeout = arguments.GetResult(_timeout) is { Implicit: false },
            HasMemoryLimit = arguments.GetResult(_memoryLimit) is { Implicit: false },
            Entrypoint = arguments.GetValue(_entrypoint),
            Timeout = Hosting.CommandLine.Arguments.ReadDuration(arguments, _timeout),
            MemoryLimit = Hosting.CommandLine.Arguments.ReadSize(arguments, _memoryLimit),
            Volumes = ReadVolumes(arguments),
            AllowedHosts = [.. (arguments.GetValue(_allowedHost) ?? []).Select(ReadHost)],
        };
    }

    /// <summary>The volumes; null for WASI without files.</summary>
    private ImmutableArray<Volume>? ReadVolumes(ParseResult arguments)
    {
        var texts = arguments.GetValue(_volume) ?? [];
        var wasi = arguments.GetValue(_wasi);
        if (wasi == Stdio && texts.Length > 0)
        {
            throw new UsageException("--volume needs --wasi full, which is what it switches on; leave out --wasi stdio");
        }

        return texts.Length == 0 && wasi is null or Stdio ? null : [.. texts.Select(ReadVolume)];
    }

    private static Volume ReadVolume(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0)
        {
            throw new UsageException($"--volume '{text}' is not GUEST=HOST, such as /data=./data or /data=./data:ro");
        }

        if (!Volume.TryParse(text[..equals], text[(equals + 1)..], out var volume, out var error))
        {
            throw new UsageException($"--volume '{text}': {error}");
        }

        var found = volume.In(Environment.CurrentDirectory);
        return Directory.Exists(found.HostPath) ? found : throw new UsageException($"--volume '{text}': there is no folder '{found.HostPath}'");
    }

    private static AllowedHost ReadHost(string text) => AllowedHost.TryParse(text, out var host, out var error)
        ? host
        : throw new UsageException($"--allowed-host: {error}");
}

/// <summary>What <c>wagi run</c> runs, checked.</summary>
internal sealed record RunOptions
{
    /// <summary>The module; for a request perhaps several, of which one has its route.</summary>
    public required ModulesOrigin Origin { get; init; }

    /// <summary>The request to answer; null: the module runs as a program.</summary>
    public required RunRequest? Request { get; init; }

    /// <summary>What loading it depends on.</summary>
    public required LoaderOptions Loader { get; init; }

    /// <summary>The argument list of the program, which begins with the module's name.</summary>
    public required ImmutableArray<string> Arguments { get; init; }

    /// <summary>Its environment variables.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>Whether <see cref="Timeout"/> was asked for.</summary>
    public required bool HasTimeout { get; init; }

    /// <summary>Whether <see cref="MemoryLimit"/> was asked for.</summary>
    public required bool HasMemoryLimit { get; init; }

    /// <summary>The function to call; null: the default one.</summary>
    public required string? Entrypoint { get; init; }

    /// <summary>How long it may run.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>Memory that it may use, in bytes.</summary>
    public required long MemoryLimit { get; init; }

    /// <summary>The folders that it sees; null: WASI without files.</summary>
    public required ImmutableArray<Volume>? Volumes { get; init; }

    /// <summary>Where its HTTP requests may go.</summary>
    public required ImmutableArray<AllowedHost> AllowedHosts { get; init; }
}
