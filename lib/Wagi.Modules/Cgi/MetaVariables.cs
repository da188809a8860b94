using System.Collections.Frozen;

namespace Wagi.Modules.Cgi;

/// <summary>
/// The names of the environment variables that a runtime sets for every request: the meta-variables of CGI (RFC 3875 §4.1) and those
/// that WAGI adds. A module's configured environment cannot hold them.
/// </summary>
public static class MetaVariables
{
    /// <summary>What the name of a request header's variable starts with (RFC 3875 §4.1.18).</summary>
    public const string HeaderPrefix = "HTTP_";

    /// <summary>All of them but those of request headers.</summary>
    public static FrozenSet<string> Names { get; } = FrozenSet.Create(
        StringComparer.Ordinal,
        "AUTH_TYPE",
        "CONTENT_LENGTH",
        "CONTENT_TYPE",
        "GATEWAY_INTERFACE",
        "PATH_INFO",
        "PATH_TRANSLATED",
        "QUERY_STRING",
        "REMOTE_ADDR",
        "REMOTE_HOST",
        "REMOTE_IDENT",
        "REMOTE_USER",
        "REQUEST_METHOD",
        "SCRIPT_NAME",
        "SERVER_NAME",
        "SERVER_PORT",
        "SERVER_PROTOCOL",
        "SERVER_SOFTWARE",
        "X_FULL_URL",
        "X_MATCHED_ROUTE",
        "X_RAW_PATH_INFO");

    /// <summary>Whether the runtime sets a variable of this name itself.</summary>
    public static bool Contains(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Names.Contains(name) || name.StartsWith(HeaderPrefix, StringComparison.Ordinal);
    }
}
