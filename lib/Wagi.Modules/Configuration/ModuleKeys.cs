namespace Wagi.Modules.Configuration;

/// <summary>The keys of a <c>[[module]]</c>, shared by reader and writer.</summary>
internal static class ModuleKeys
{
    public const string Id = "id";
    public const string Route = "route";
    public const string Hosts = "hosts";
    public const string Module = "module";
    public const string Entrypoint = "entrypoint";
    public const string Argv = "argv";
    public const string Volumes = "volumes";
    public const string Environment = "environment";
    public const string AllowedHosts = "allowed_hosts";
    public const string HttpMaxConcurrency = "http_max_concurrency";
    public const string BindleServer = "bindle_server";
    public const string Timeout = "timeout";
    public const string MemoryLimit = "memory_limit";
    public const string MaxConcurrency = "max_concurrency";
    public const string SecretsVersion = "secrets_version";
    public const string Revision = "revision";

    public static readonly string[] All =
    [
        Id, Route, Hosts, Module, Entrypoint, Argv, Volumes, Environment, AllowedHosts, HttpMaxConcurrency, BindleServer,
        Timeout, MemoryLimit, MaxConcurrency, SecretsVersion, Revision,
    ];
}
