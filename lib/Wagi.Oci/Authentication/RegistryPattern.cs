namespace Wagi.Oci.Authentication;

/// <summary>
/// A registry, or a part of one, as a key of Docker's <c>auths</c> is matched by the kubelet: a host, optionally with a port and a path prefix, optionally as a URL;
/// <c>*</c> in a label of the host stands for any characters of that label.
/// </summary>
/// <remarks>
/// One deviation, on the safe side: a path prefix ends at a slash, so that <c>host/team</c> never opens <c>host/team-b</c>.
/// </remarks>
public sealed class RegistryPattern
{
    private static readonly string[] DockerHubHosts = ["docker.io", "index.docker.io", "registry-1.docker.io"];

    private readonly string[] _labels;
    private readonly string _port;
    private readonly string _path;

    private RegistryPattern(string[] labels, string port, string path)
    {
        _labels = labels;
        _port = port;
        _path = path;
    }

    /// <summary>Orders matches: a longer path first, then a longer host, not counting wildcards.</summary>
    public int Specificity => (_path.Length * 1024) + string.Join('.', _labels).Replace("*", "", StringComparison.Ordinal).Length;

    /// <summary>Reads a pattern. Every text is one; what is no host matches none.</summary>
    public static RegistryPattern Parse(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        var rest = key.Trim();
        var scheme = rest.IndexOf("://", StringComparison.Ordinal);
        if (scheme >= 0)
        {
            rest = rest[(scheme + 3)..];
        }

        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        var host = slash < 0 ? rest : rest[..slash];
        var path = slash < 0 ? "" : rest[slash..].TrimEnd('/');
        // https://index.docker.io/v1/ stands for the whole host.
        if (path is "/v1" or "/v2")
        {
            path = "";
        }
        else if (path.StartsWith("/v1/", StringComparison.Ordinal) || path.StartsWith("/v2/", StringComparison.Ordinal))
        {
            path = path[3..];
        }

        var (name, port) = SplitPort(host.ToLowerInvariant());
        return new RegistryPattern(name.Split('.'), port, path.Trim('/'));
    }

    /// <summary>Whether a repository is meant.</summary>
    /// <param name="registry">Host and port of its registry.</param>
    /// <param name="repository">Its name there.</param>
    public bool Matches(string registry, string repository)
    {
        ArgumentNullException.ThrowIfNull(registry);
        ArgumentNullException.ThrowIfNull(repository);
        if (DockerHubHosts.Contains(registry, StringComparer.OrdinalIgnoreCase))
        {
            return DockerHubHosts.Any(host => MatchesHost(host)) && MatchesPath(repository);
        }

        return MatchesHost(registry) && MatchesPath(repository);
    }

    private bool MatchesHost(string registry)
    {
        var (name, port) = SplitPort(registry.ToLowerInvariant());
        if (port != _port)
        {
            return false;
        }

        var labels = name.Split('.');
        if (labels.Length != _labels.Length)
        {
            return false;
        }

        for (var i = 0; i < labels.Length; i++)
        {
            if (!System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(_labels[i], labels[i], ignoreCase: false))
            {
                return false;
            }
        }

        return true;
    }

    private bool MatchesPath(string repository) =>
        _path.Length == 0
        || (repository.StartsWith(_path, StringComparison.Ordinal)
            && (repository.Length == _path.Length || repository[_path.Length] == '/'));

    private static (string Name, string Port) SplitPort(string host)
    {
        var colon = host.LastIndexOf(':');
        return colon < 0 || host.EndsWith(']') ? (host, "") : (host[..colon], host[(colon + 1)..]);
    }
}
