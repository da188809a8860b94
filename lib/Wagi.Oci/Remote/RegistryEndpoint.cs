using System.Net;

namespace Wagi.Oci.Remote;

/// <summary>Decides how to reach a registry: by HTTPS, except for loopback hosts and those declared insecure.</summary>
internal sealed class RegistryEndpoint(IReadOnlyCollection<string> insecureRegistries)
{
    /// <summary><c>https://host/v2/</c> or <c>http://host/v2/</c>.</summary>
    public Uri BaseUri(string host)
    {
        var https = new Uri($"https://{host}/v2/");
        return MayBePlain(https) ? new Uri($"http://{host}/v2/") : https;
    }

    /// <summary>Whether plain HTTP is allowed to this host.</summary>
    public bool MayBePlain(Uri uri) => IsLoopback(uri) || insecureRegistries.Any(entry => Names(entry, uri));

    /// <summary><c>localhost</c>, 127.0.0.0/8 or <c>::1</c>.</summary>
    public static bool IsLoopback(Uri uri) =>
        uri.IsLoopback || (IPAddress.TryParse(uri.DnsSafeHost, out var address) && IPAddress.IsLoopback(address));

    private static bool Names(string entry, Uri uri) =>
        string.Equals(entry, uri.Host, StringComparison.OrdinalIgnoreCase)
        || string.Equals(entry, $"{uri.Host}:{uri.Port}", StringComparison.OrdinalIgnoreCase);
}
