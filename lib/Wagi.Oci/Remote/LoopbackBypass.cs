using System.Net;

namespace Wagi.Oci.Remote;

/// <summary>The proxy of the environment, but never for loopback hosts: no proxy can reach those, and users do not list them.</summary>
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
