using System.Net;
using System.Net.NetworkInformation;

namespace Wagi.Modules.Network;

/// <summary>The addresses of this machine's network interfaces. To read them takes some tenths of a millisecond, and they may change.</summary>
internal static class MachineAddresses
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(1);

    private static volatile Entry s_recent = new([], Environment.TickCount64 - (long)MaxAge.TotalMilliseconds - 1);

    /// <summary>As they are now: for what is decided once for each connection.</summary>
    public static IReadOnlyCollection<IPAddress> Read() =>
    [
        .. NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(network => network.GetIPProperties().UnicastAddresses)
            .Select(address => address.Address),
    ];

    /// <summary>As they were within the last second: for what is decided for each request.</summary>
    public static IReadOnlyCollection<IPAddress> ReadRecent()
    {
        var recent = s_recent;
        var now = Environment.TickCount64;
        if (now - recent.Time > MaxAge.TotalMilliseconds)
        {
            s_recent = recent = new Entry(Read(), now);
        }

        return recent.Addresses;
    }

    private sealed record Entry(IReadOnlyCollection<IPAddress> Addresses, long Time);
}
