using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Wagi.Modules.Network;

/// <summary>
/// Makes the connections of an HTTP client, to no address that the <see cref="AddressRules"/> deny. What counts is the address that is
/// connected to, after the name was resolved: neither a redirect nor a name that resolves differently the next time leads around it.
/// </summary>
/// <remarks>
/// The administrator's proxy (<c>HTTP_PROXY</c>) is reached wherever it is. It resolves names itself, so it needs the same rules; denied
/// addresses that a URL writes out are not passed to it.
/// </remarks>
/// <param name="rules">Which addresses are denied.</param>
/// <param name="trust">Whom servers are trusted for beside the system's authorities; null: nobody.</param>
public sealed class AddressGuard(AddressRules rules, CertificateTrust? trust = null)
{
    /// <summary>On whose behalf a request is sent: one that has many names resolved at a time is refused more. Optional.</summary>
    public static readonly HttpRequestOptionsKey<string> Requester = new("wagi.requester");

    /// <summary>How long making the connection for a request may take, names included, in place of the handler's own time. Optional.</summary>
    public static readonly HttpRequestOptionsKey<TimeSpan> ConnectTimeout = new("wagi.connect-timeout");

    private readonly ConcurrentDictionary<(string Host, int Port), bool> _proxies = new();

    /// <summary>Resolves names.</summary>
    internal NameResolver Names { get; init; } = new();

    /// <summary>Lets an HTTP client make its connections through this guard.</summary>
    /// <param name="handler">The client's handler, not used yet.</param>
    /// <param name="proxy">The proxy to use; null: that of the environment.</param>
    public void Protect(SocketsHttpHandler handler, IWebProxy? proxy = null)
    {
        ArgumentNullException.ThrowIfNull(handler);
        handler.Proxy = new GuardedProxy(this, proxy ?? HttpClient.DefaultProxy);
        handler.ConnectCallback = ConnectAsync;
        trust?.Apply(handler);
    }

    /// <summary>
    /// Whether the URL writes out an address of this machine, or <c>localhost</c>, and the rules allow that only to URLs that do: who allows
    /// everything has not named it.
    /// </summary>
    public bool IsReachedByNameOnly(Uri target)
    {
        ArgumentNullException.ThrowIfNull(target);
        var host = target.IdnHost;
        return rules.Own == OwnAddresses.ByName && AddressRules.NamesOwn(host)
            && (!IPAddress.TryParse(host, out var address) || (rules with { Own = OwnAddresses.Denied }).Objection(host, address, MachineAddresses.ReadRecent()) is not null);
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var options = context.InitialRequestMessage.Options;
        var requester = options.TryGetValue(Requester, out var name) ? name : null;
        if (!options.TryGetValue(ConnectTimeout, out var time))
        {
            return await ConnectAsync(context.DnsEndPoint, requester, cancellationToken).ConfigureAwait(false);
        }

        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(time);
        try
        {
            return await ConnectAsync(context.DnsEndPoint, requester, deadline.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"there was no connection within {time.TotalSeconds} s");
        }
    }

    /// <summary>Connects to the first address of the endpoint that is not denied and answers.</summary>
    /// <exception cref="DestinationDeniedException">All its addresses are denied.</exception>
    /// <exception cref="SocketException">The name cannot be resolved, or no address answers.</exception>
    private async ValueTask<Stream> ConnectAsync(DnsEndPoint endPoint, string? requester, CancellationToken cancellationToken)
    {
        var (host, port) = (endPoint.Host, endPoint.Port);
        var addresses = await ResolveAsync(host, requester, cancellationToken).ConfigureAwait(false);
        if (!_proxies.ContainsKey((host, port)))
        {
            addresses = await ReachableAsync(host, port, addresses, cancellationToken).ConfigureAwait(false);
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, port, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<IPAddress[]> ReachableAsync(string host, int port, IPAddress[] addresses, CancellationToken cancellationToken)
    {
        string? objection = null;
        var own = MachineAddresses.Read();
        var reachable = new List<IPAddress>();
        foreach (var address in addresses)
        {
            if ((await ServiceObjectionAsync(address, port, cancellationToken).ConfigureAwait(false) ?? rules.Objection(host, address, own)) is { } found)
            {
                objection ??= $"{address}, {found}";
            }
            else
            {
                reachable.Add(address);
            }
        }

        return reachable.Count > 0 || objection is null
            ? [.. reachable]
            : throw new DestinationDeniedException(host == objection[..objection.IndexOf(',', StringComparison.Ordinal)]
                ? $"{host} is denied: {objection[(host.Length + 2)..]}"
                : $"{host} is denied: it is {objection}");
    }

    /// <summary>Looked up for each connection to that port, which are few: pods come and go.</summary>
    private async Task<string?> ServiceObjectionAsync(IPAddress address, int port, CancellationToken cancellationToken)
    {
        foreach (var service in rules.DeniedServices.Where(service => service.Port == port))
        {
            try
            {
                var addresses = await ResolveAsync(service.Host, requester: null, cancellationToken).ConfigureAwait(false);
                IPAddress[] forms = [address, .. EmbeddedAddresses.In(address)];
                var isMachine = addresses.Any(IsUnspecified) && forms.Any(form => AddressRules.IsOwn(form, MachineAddresses.Read()));
                if (isMachine || addresses.Any(denied => forms.Contains(denied.IsIPv4MappedToIPv6 ? denied.MapToIPv4() : denied)))
                {
                    return $"an address of the service {service.Host}:{service.Port}";
                }
            }
            catch (SocketException exception)
            {
                return $"and the addresses of {service.Host}, which is denied at port {port}, are not known ({exception.Message})";
            }
        }

        return null;
    }

    /// <summary>The platform's resolver refuses unspecified addresses, to which the operating system connects all the same.</summary>
    private async Task<IPAddress[]> ResolveAsync(string host, string? requester, CancellationToken cancellationToken) =>
        IPAddress.TryParse(host, out var address) ? [address] : await Names.ResolveAsync(host, requester, cancellationToken).ConfigureAwait(false);

    private static bool IsUnspecified(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    /// <summary>
    /// The proxy, but neither for addresses that a URL writes out and that are denied, nor for this machine: no proxy leads there, and nobody
    /// lists it in <c>NO_PROXY</c>.
    /// </summary>
    private sealed class GuardedProxy(AddressGuard guard, IWebProxy inner) : IWebProxy
    {
        public ICredentials? Credentials
        {
            get => inner.Credentials;
            set => inner.Credentials = value;
        }

        public Uri? GetProxy(Uri destination)
        {
            if (IsBypassed(destination) || inner.GetProxy(destination) is not { } proxy)
            {
                return null;
            }

            guard._proxies.TryAdd((proxy.IdnHost, proxy.Port), true);
            return proxy;
        }

        public bool IsBypassed(Uri host) =>
            host.IsLoopback || inner.IsBypassed(host)
            || (IPAddress.TryParse(host.IdnHost, out var address)
                && (IPAddress.IsLoopback(address) || guard.Denies(host.IdnHost, address)));
    }

    private bool Denies(string host, IPAddress address) => rules.Objection(host, address, MachineAddresses.ReadRecent()) is not null;
}

/// <summary>There was no connection, because the rules deny the target; the message says which, and why.</summary>
public sealed class DestinationDeniedException(string message) : Exception(message);
