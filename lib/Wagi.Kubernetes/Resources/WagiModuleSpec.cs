using System.ComponentModel;
using System.Text.Json;
using Wagi.Modules.Configuration;
using Wagi.Modules.Volumes;

namespace Wagi.Kubernetes.Resources;

/// <summary>
/// What a WagiModule asks for. Every member and every element may be missing, whatever the schema says: manifests on a laptop and API servers without
/// CEL check less, and <c>SpecReader</c> checks everything again.
/// </summary>
[Rule("!has(self.bindleServer) || self.module.startsWith('bindle:')", "bindleServer is only for a module 'bindle:NAME'")]
public sealed record WagiModuleSpec
{
    [Description("The path that the module answers: exact (/hello), or with everything below it (/hello/...). " +
        "The most specific route wins: a named host before none, exact before prefix, the longer prefix before the shorter. " +
        "When two WagiModules claim one route on one host, the older one gets it. Example: /hello/...")]
    [Schema(Required = true, MinLength = 1, MaxLength = SpecLimits.RouteLength, Pattern = @"^/[^?#\s]*$")]
    [Rule("!self.contains('...') || (self.endsWith('/...') && self.indexOf('...') == size(self) - 3)", "'...' may only be the last segment of a route, as in '/hello/...'")]
    [Rule(@"!self.matches('/[.][.]?(/|$)')", "a route must not hold the segments '.' or '..'")]
    public string? Route { get; init; }

    [Description("The hosts that the module answers for: DNS names without scheme and port; *. in front stands for everything below. " +
        "None means every host. Example: [shop.example.com, \"*.shop.example.com\"]")]
    [Schema(MaxItems = SpecLimits.Hosts, ListType = "set")]
    [ItemSchema(MinLength = 1, MaxLength = SpecLimits.HostLength, Pattern = @"^(\*\.)?[A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?)*$")]
    public IReadOnlyList<string?>? Hosts { get; init; }

    [Description("The module: an OCI reference with tag or digest, with or without oci:// in front, or bindle:NAME. " +
        "The operator resolves a tag to its digest, so every runtime serves the same bytes. " +
        "Example: oci://ghcr.io/example/hello:v1")]
    [Schema(Required = true, MinLength = 1, MaxLength = SpecLimits.ModuleLength, Pattern = @"^(oci:(//)?|bindle:(//)?)?[A-Za-z0-9\[]\S*$")]
    [Rule("!self.startsWith('file:') && (!self.contains('://') || self.startsWith('oci://') || self.startsWith('bindle://'))", "a module is an OCI reference ('oci://REGISTRY/REPOSITORY:TAG') or 'bindle:NAME'")]
    public string? Module { get; init; }

    [Description("The WagiClass whose runtimes serve the module and whose rules hold for it. Default: the class that is marked as the default one. Example: shop")]
    [Schema(MinLength = 1, MaxLength = SpecLimits.ObjectNameLength)]
    public string? ClassName { get; init; }

    [Description("Whether the module stays as it is: what is served goes on being served, and changes of the spec, of its tag and of what it refers to wait. " +
        "Default: false. Example: true")]
    public bool? Suspend { get; init; }

    [Description("Secrets of this namespace with the credentials for pulling the module (type kubernetes.io/dockerconfigjson or " +
        "kubernetes.io/dockercfg), tried in this order. Example: [{name: registry-credentials}]")]
    [Schema(MaxItems = SpecLimits.ImagePullSecrets, ListType = "atomic")]
    public IReadOnlyList<LocalObjectReference?>? ImagePullSecrets { get; init; }

    [Description("The origins (scheme, host, port) that the module may send HTTP requests to. None means that it may send no requests. " +
        "insecure:allow-all allows every destination. Example: [https://api.example.com, \"http://backend.default:8080\"]")]
    [Schema(MaxItems = SpecLimits.AllowedHosts, ListType = "set")]
    [ItemSchema(MinLength = 1, MaxLength = SpecLimits.AllowedHostLength, Pattern = @"^(insecure:allow-all|[Hh][Tt][Tt][Pp][Ss]?://[^/?#@\s]+/?)$")]
    [Rule("self.all(origin, origin == 'insecure:allow-all' || isURL(origin))", "an allowed host is an origin such as 'https://api.example.com', or 'insecure:allow-all'")]
    public IReadOnlyList<string?>? AllowedHosts { get; init; }

    [Description("The exported function that handles a request. Default: _start. Example: handle_request")]
    [Schema(MinLength = 1, MaxLength = SpecLimits.EntrypointLength)]
    public string? Entrypoint { get; init; }

    [Description("Template of the argument list; ${SCRIPT_NAME} and ${ARGS} (the query string, split at &) " +
        "are filled in. Default: ${SCRIPT_NAME} ${ARGS}. Example: \"hello --verbose ${ARGS}\"")]
    [Schema(MaxLength = SpecLimits.ArgvLength)]
    public string? Argv { get; init; }

    [Description("Environment variables for the module. They are added to the CGI meta-variables and cannot replace them. " +
        "Example: [{name: GREETING, value: Hello}, {name: TOKEN, valueFrom: {secretKeyRef: {name: api, key: token}}}]")]
    [Schema(MaxItems = SpecLimits.Environment, ListType = "map", ListMapKeys = "name")]
    public IReadOnlyList<EnvironmentVariable?>? Env { get; init; }

    [Description("Files that the module reads: OCI artifacts, each mounted read-only at its path. wagi push --files makes them. The operator resolves tags " +
        "as it does for the module, and the rules of the class about registries and signatures hold. Example: [{reference: ghcr.io/example/site:v1, path: /site}]")]
    [Schema(MaxItems = FilesMount.MaxMounts, ListType = "map", ListMapKeys = "path")]
    public IReadOnlyList<FilesSpec?>? Files { get; init; }

    [Description("How long a request may run before it is answered with 504, from when it has a place, for which it waits 10s at the most and is then " +
        "answered with 503: 1ms to 24h. Default: the runtime's --timeout, 30s. Example: 10s")]
    [Schema(MinLength = 1, MaxLength = SpecLimits.QuantityLength, Pattern = SpecPatterns.Duration)]
    [Rule(TimeoutRule.Expression, TimeoutRule.Message)]
    public string? Timeout { get; init; }

    [Description("Linear memory that one instance may grow to, in bytes or with a suffix (k, M, G, Ki, Mi, Gi): 64Ki to 4Gi. " +
        "Default: the runtime's --memory-limit, 128Mi. Example: 64Mi")]
    [Schema(MinLength = 1, MaxLength = SpecLimits.QuantityLength, Pattern = SpecPatterns.ByteSize)]
    [Rule(MemoryLimitRule.Expression, MemoryLimitRule.Message)]
    public string? MemoryLimit { get; init; }

    [Description("Requests of this module that one runtime runs at a time. More wait, a hundred at the most and for 10s, and are then answered with 503. " +
        "At the most the module's share of the runtime's places, --max-module-share, 64. Default: the runtime's --max-concurrency, 8 for every CPU. Example: 50")]
    [Schema(Minimum = 1, Maximum = SpecLimits.Concurrency)]
    public int? MaxConcurrency { get; init; }

    [Description("Requests of this module that one runtime pod answers in a second, a minute or an hour, of which all may come at once. More are answered with 429. " +
        "Default: no limit. Example: 100/s")]
    [Schema(MinLength = 1, MaxLength = SpecLimits.QuantityLength, Pattern = SpecPatterns.RequestRate)]
    public string? RateLimit { get; init; }

    [Description("Responses to HTTP requests of the module that may be open at a time in one runtime. One more request fails at once. " +
        "Default: 64. Example: 10")]
    [Schema(Minimum = 1, Maximum = SpecLimits.Concurrency)]
    public int? HttpMaxConcurrency { get; init; }

    [Description("Whether the module's initialization (_initialize, wizer-initialize or wizer.initialize) is run once, when a runtime compiles it, " +
        "instead of at the beginning of each request. It gets no random numbers then, because they would be the same in every request, " +
        "unless with-random says that this is no harm. Default: false. Example: true")]
    [Schema(Enum = new object[] { true, false, Preinitializations.WithRandom })]
    public JsonElement? Preinitialize { get; init; }

    [Description("Whether the module sees the credentials that clients send in the header field Authorization. The runtime does not check them: " +
        "the module does. Default: false. Example: true")]
    public bool? PassAuthorization { get; init; }

    [Description("Whether the runtime compresses the module's answers (brotli, gzip) for clients that accept it: text, JSON, XML and the like, unless the " +
        "module has encoded them itself. Default: false. Example: true")]
    public bool? Compress { get; init; }

    [Description("The server of a module bindle:NAME. Default: the runtime's. Example: https://bindle.example.com/v1")]
    [Schema(MinLength = 1, MaxLength = SpecLimits.UrlLength, Pattern = SpecPatterns.BindleServer)]
    public string? BindleServer { get; init; }
}

/// <summary>Files of a module.</summary>
public sealed record FilesSpec
{
    [Description("The OCI reference with tag or digest, with or without oci:// in front: an artifact with one or several tar layers (plain, gzip or zstd), or with " +
        "single files as ORAS pushes them; at most 256 MiB and 10,000 files and folders when it is unpacked. Example: oci://ghcr.io/example/site:v1")]
    [Schema(Required = true, MinLength = 1, MaxLength = SpecLimits.ModuleLength, Pattern = @"^(oci:(//)?)?[A-Za-z0-9\[]\S*$")]
    [Rule("!self.startsWith('file:') && !self.startsWith('bindle:') && (!self.contains('://') || self.startsWith('oci://'))", "files are an OCI reference ('oci://REGISTRY/REPOSITORY:TAG')")]
    public string? Reference { get; init; }

    [Description("Where the module sees them: an absolute path. Example: /site")]
    [Schema(Required = true, MinLength = 1, MaxLength = FilesMount.MaxPathLength, Pattern = @"^/([^/\x00-\x1f\x7f]+(/[^/\x00-\x1f\x7f]+)*)?$")]
    [Rule(@"!self.matches('/[.][.]?(/|$)')", "a path must not hold the segments '.' or '..'")]
    public string? Path { get; init; }
}

/// <summary>Names an object in the WagiModule's own namespace.</summary>
public sealed record LocalObjectReference
{
    [Description("Name of the object. Example: registry-credentials")]
    [Schema(Required = true, MinLength = 1, MaxLength = SpecLimits.ObjectNameLength)]
    public string? Name { get; init; }
}
