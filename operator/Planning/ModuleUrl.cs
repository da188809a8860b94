using Wagi.Modules.Configuration;

namespace Wagi.Operator.Planning;

/// <summary>Where a client reaches a module.</summary>
internal static class ModuleUrl
{
    /// <summary>
    /// The base URL with the module's first named host and its path; null without a base URL, or when all of the hosts are wildcards.
    /// </summary>
    public static string? For(Uri? baseUrl, ModuleEntry entry)
    {
        if (baseUrl is null)
        {
            return null;
        }

        var url = new UriBuilder(baseUrl);
        if (!entry.Hosts.IsDefaultOrEmpty)
        {
            if (entry.Hosts.FirstOrDefault(host => !host.IsWildcard) is not { } host)
            {
                return null;
            }

            url.Host = host.Name;
        }

        var path = url.Path.TrimEnd('/') + entry.Route.Path;
        url.Path = path.Length == 0 ? "/" : path;
        return url.Uri.AbsoluteUri;
    }
}
