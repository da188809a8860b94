using System.Collections.Frozen;

namespace Wagi.Modules.Cgi;

/// <summary>
/// The environment variables that the runtime sets for every request: the meta-variables of CGI (RFC 3875 §4.1) and WAGI's own.
/// A module's configured environment cannot set them.
/// </summary>
public static class MetaVariableNames
{
    /// <summary>What the variable of a request header begins with (RFC 3875 §4.1.18).</summary>
    public const string HeaderPrefix = "HTTP_";

    /// <summary>All of them except those of request headers, quoted and with commas in between, as the CRD's rule lists them.</summary>
    public const string Quoted =
        "'AUTH_TYPE', 'CONTENT_LENGTH', 'CONTENT_TYPE', 'GATEWAY_INTERFACE', 'PATH_INFO', 'PATH_TRANSLATED', 'QUERY_STRING', " +
        "'REMOTE_ADDR', 'REMOTE_HOST', 'REMOTE_IDENT', 'REMOTE_USER', 'REQUEST_METHOD', 'SCRIPT_NAME', 'SERVER_NAME', " +
        "'SERVER_PORT', 'SERVER_PROTOCOL', 'SERVER_SOFTWARE', 'X_FULL_URL', 'X_MATCHED_ROUTE', 'X_RAW_PATH_INFO'";

    /// <summary>All of them except those of request headers.</summary>
    public static FrozenSet<string> All { get; } = Quoted.Split(", ").Select(name => name.Trim('\'')).ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Whether the runtime sets a variable of this name itself.</summary>
    public static bool Contains(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return All.Contains(name) || name.StartsWith(HeaderPrefix, StringComparison.Ordinal);
    }
}
