using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Wagi.TestCluster.Processes;

/// <summary>Picks TCP ports for servers that must be told theirs.</summary>
public static class FreePort
{
    private const int Lowest = 10_000;

    // Below the range from which the kernel takes ports for outgoing connections: a server that is stopped and started
    // again finds its port still free.
    private static readonly int Highest = Math.Min(30_000, FirstEphemeralPort()) - 1;

    /// <summary>
    /// A random port that is free on 127.0.0.1 at this moment. Another process may take it before it is used: callers start again with
    /// another one when that happens.
    /// </summary>
    public static int Pick()
    {
        while (true)
        {
            var port = Random.Shared.Next(Lowest, Highest + 1);
            try
            {
                using var probe = new TcpListener(IPAddress.Loopback, port);
                probe.Start();
                return port;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // Taken: the next one.
            }
        }
    }

    private static int FirstEphemeralPort()
    {
        const string range = "/proc/sys/net/ipv4/ip_local_port_range";
        if (!File.Exists(range)) return 32_768;
        var first = File.ReadAllText(range).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[0];
        var port = int.Parse(first, CultureInfo.InvariantCulture);
        // A machine whose range starts low leaves nothing below it; then any port must do.
        return port > Lowest + 1_000 ? port : 32_768;
    }
}
