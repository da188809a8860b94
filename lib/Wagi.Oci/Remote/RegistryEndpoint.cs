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

/// <summary>The environment's proxy, but never for loopback hosts: no proxy reaches those, and users do not list them in NO_PROXY.</summary>
public sealed class LoopbackBypass(IWebProxy inner) : IWebProxy
{
    /// <inheritdoc/>
    public ICredentials? Credentials
    {
        get => inner.Credentials;
        set => inner.Credentials = value;
    }

    /// <inheritdoc/>
    public Uri? GetProxy(Uri destination) => IsBypassed(destination) ? null : inner.GetProxy(destination);

    /// <inheritdoc/>
    public bool IsBypassed(Uri host) => RegistryEndpoint.IsLoopback(host) || inner.IsBypassed(host);
}
