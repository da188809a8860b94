using System.Net;
using System.Net.Sockets;

namespace Wagi.Runtime.Outbound;

/// <summary>
/// Networks that no module may reach, whatever its <c>allowed_hosts</c> say. What counts is the address that is connected to, after
/// the name was resolved: a name that is allowed and points to such an address leads nowhere.
/// </summary>
/// <param name="networks">The networks, IPv4 or IPv6.</param>
internal sealed class DeniedNetworks(IReadOnlyCollection<IPNetwork> networks)
{
    /// <summary>Connects to the first address of the endpoint that is not denied and answers.</summary>
    /// <exception cref="DestinationDeniedException">All its addresses are denied.</exception>
    /// <exception cref="SocketException">The name cannot be resolved, or no address answers.</exception>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var endpoint = context.DnsEndPoint;
        var addresses = await Dns.GetHostAddressesAsync(endpoint.Host, cancellationToken).ConfigureAwait(false);
        var open = addresses.Where(address => !Contains(address)).ToArray();
        if (open.Length == 0)
        {
            throw new DestinationDeniedException(
                $"{endpoint.Host} is {string.Join(", ", addresses.AsEnumerable())}, in a network that the runtime denies to modules (--outbound-deny)");
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(open, endpoint.Port, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private bool Contains(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return networks.Any(network => network.Contains(plain));
    }
}

/// <summary>A module's request was not sent, because its target is in one of the <see cref="DeniedNetworks"/>.</summary>
internal sealed class DestinationDeniedException(string message) : Exception(message);
