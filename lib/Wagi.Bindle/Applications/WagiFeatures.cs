namespace Wagi.Bindle.Applications;

/// <summary>The keys below <c>feature.wagi</c> in the label of a parcel.</summary>
internal static class WagiFeatures
{
    public const string Route = "route";
    public const string Entrypoint = "entrypoint";
    public const string AllowedHosts = "allowed_hosts";
    public const string Argv = "argv";
    public const string File = "file";

    /// <summary>Reserved by WAGI and not read.</summary>
    public const string BindleServer = "bindle_server";

    public static readonly IReadOnlySet<string> All = new HashSet<string>(StringComparer.Ordinal)
    {
        Route, Entrypoint, AllowedHosts, Argv, File, BindleServer,
    };
}
