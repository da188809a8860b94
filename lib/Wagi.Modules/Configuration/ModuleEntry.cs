using System.Collections.Immutable;
using Wagi.Modules.Limits;
using Wagi.Modules.Outbound;
using Wagi.Modules.Problems;
using Wagi.Modules.Routes;
using Wagi.Modules.Sources;
using Wagi.Modules.Volumes;

namespace Wagi.Modules.Configuration;

/// <summary>One <c>[[module]]</c> of <c>modules.toml</c>, checked. <c>docs/modules-toml.md</c> describes every key.</summary>
public sealed record ModuleEntry
{
    /// <summary>Name of the entry in logs, metrics and <c>/status</c>; <c>namespace/name</c> for a WagiModule. Never empty, unique in its file.</summary>
    public required string Id { get; init; }

    /// <summary>Whose the module is: the namespace of a WagiModule; empty for an entry of a hand-written file, unless its id has a slash.</summary>
    public string Tenant => Id.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash ? Id[..slash] : "";

    /// <summary>The path that the module answers.</summary>
    public required RoutePattern Route { get; init; }

    /// <summary>The hosts that it answers for; empty: every host.</summary>
    public ImmutableArray<HostPattern> Hosts { get; init; } = [];

    /// <summary>Where the module's bytes come from.</summary>
    public required ModuleReference Module { get; init; }

    /// <summary>The exported function that is called; null: <c>_start</c>.</summary>
    public string? Entrypoint { get; init; }

    /// <summary>Template of the argument list, with <c>${SCRIPT_NAME}</c> and <c>${ARGS}</c>; null: the same as <c>${SCRIPT_NAME} ${ARGS}</c>.</summary>
    public string? Argv { get; init; }

    /// <summary>The folders of the host that the guest sees, by guest path; empty: it sees no files at all.</summary>
    public ImmutableArray<Volume> Volumes { get; init; } = [];

    /// <summary>Files that the guest sees read-only, by guest path.</summary>
    public ImmutableArray<FilesMount> Files { get; init; } = [];

    /// <summary>Environment variables for the guest; they never override the CGI meta-variables.</summary>
    public ImmutableSortedDictionary<string, string> Environment { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>The origins that outbound HTTP may reach; empty: none.</summary>
    public ImmutableArray<AllowedHost> AllowedHosts { get; init; } = [];

    /// <summary>How many outbound HTTP requests of the module may be in flight in one runtime; null: the runtime's default.</summary>
    public int? HttpMaxConcurrency { get; init; }

    /// <summary>URL of the server for a <c>bindle:</c> module; null: the runtime's default.</summary>
    public string? BindleServer { get; init; }

    /// <summary>How long a request may take before it is answered with 504; null: the runtime's default.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Linear memory that one instance may grow to, in bytes; null: the runtime's default.</summary>
    public long? MemoryLimit { get; init; }

    /// <summary>How many requests of the module may be in flight in one runtime; null: the runtime's default.</summary>
    public int? MaxConcurrency { get; init; }

    /// <summary>How many requests one runtime answers in a time before it refuses more with 429; null: as many as there are places for.</summary>
    public RequestRate? RateLimit { get; init; }

    /// <summary>Whether the module is initialized when it is compiled. It makes no difference to what it answers, if it is fit for that.</summary>
    public Preinitialization Preinitialization { get; init; }

    /// <summary>Whether the module sees the credentials that clients send in <c>Authorization</c>. It checks them then; the runtime does not.</summary>
    public bool PassAuthorization { get; init; }

    /// <summary>Whether the runtime compresses the module's answers for clients that accept it.</summary>
    public bool Compress { get; init; }

    /// <summary>
    /// Version of this module's part of the generated Secret (environment values and pull credentials); null: it has none.
    /// The entry waits for the mounted Secret to have this version, because ConfigMap and Secret reach a pod in any order. Rotated credentials keep
    /// the version: they wait for the next load.
    /// </summary>
    public string? SecretsVersion { get; init; }

    /// <summary>
    /// The public keys (<see cref="Signatures.SignatureKey.Text"/>) one of which must have signed the module, an OCI artifact; empty: it needs
    /// no signature.
    /// </summary>
    public ImmutableArray<string> SignatureKeys { get; init; } = [];

    /// <summary>
    /// What a runtime must have to serve the entry: names of <see cref="ModuleCapabilities"/>, and perhaps others, of later versions. Where there
    /// are some, <see cref="Module"/> is written as a table with them.
    /// </summary>
    public ImmutableArray<string> Requires { get; init; } = [];

    /// <summary>
    /// An opaque mark that <c>/status</c> repeats, so that whoever wrote the file can tell which version of an entry is served.
    /// </summary>
    public string? Revision { get; init; }

    /// <summary>Where the entry is. Not part of its meaning: <see cref="HasSameMeaningAs"/> ignores it.</summary>
    public SourceLocation Location { get; init; }

    /// <summary>
    /// Whether it makes no difference to serve <paramref name="other"/> instead. How an entry is written makes none, and neither does its
    /// <see cref="Revision"/>: an operator of another version may write the same differently.
    /// </summary>
    public bool HasSameMeaningAs(ModuleEntry other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Meaning(this) == Meaning(other);

        static string Meaning(ModuleEntry entry) => ModulesTomlWriter.Write(entry with
        {
            Revision = null,
            Hosts = [.. entry.Hosts.OrderBy(host => host.ToString(), StringComparer.Ordinal)],
            AllowedHosts = [.. entry.AllowedHosts.OrderBy(host => host.ToString(), StringComparer.Ordinal)],
            SignatureKeys = [.. entry.SignatureKeys.Order(StringComparer.Ordinal)],
            Requires = [.. entry.Requires.Order(StringComparer.Ordinal)],
        });
    }
}

/// <summary>The keys of a <c>[[module]]</c>, for reader and writer.</summary>
internal static class ModuleKeys
{
    public const string Id = "id";
    public const string Route = "route";
    public const string Hosts = "hosts";
    public const string Module = "module";
    public const string Reference = "reference";
    public const string Entrypoint = "entrypoint";
    public const string Argv = "argv";
    public const string Volumes = "volumes";
    public const string Files = "files";
    public const string Path = "path";
    public const string Environment = "environment";
    public const string AllowedHosts = "allowed_hosts";
    public const string HttpMaxConcurrency = "http_max_concurrency";
    public const string BindleServer = "bindle_server";
    public const string Timeout = "timeout";
    public const string MemoryLimit = "memory_limit";
    public const string MaxConcurrency = "max_concurrency";
    public const string RateLimit = "rate_limit";
    public const string Preinitialize = "preinitialize";
    public const string PassAuthorization = "pass_authorization";
    public const string Compress = "compress";
    public const string SecretsVersion = "secrets_version";
    public const string SignatureKeys = "signature_keys";
    public const string Requires = "requires";
    public const string Revision = "revision";

    /// <summary>Those that are true or false.</summary>
    public static readonly string[] Switches = [PassAuthorization, Compress];

    public static readonly string[] All =
    [
        Id, Route, Hosts, Module, Entrypoint, Argv, Volumes, Files, Environment, AllowedHosts, HttpMaxConcurrency, BindleServer,
        Timeout, MemoryLimit, MaxConcurrency, RateLimit, Preinitialize, PassAuthorization, Compress, SecretsVersion, SignatureKeys, Requires, Revision,
    ];
}
