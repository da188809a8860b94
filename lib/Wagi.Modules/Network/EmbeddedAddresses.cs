using System.Net;
using System.Net.Sockets;

namespace Wagi.Modules.Network;

/// <summary>
/// IPv4 addresses inside IPv6 addresses. A gateway or tunnel on the way may take the packets out there, so that a rule about an IPv4
/// address holds for all of its spellings.
/// </summary>
internal static class EmbeddedAddresses
{
    /// <summary>Every IPv4 address that an address may lead to besides itself; none for IPv4.</summary>
    public static IReadOnlyList<IPAddress> In(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return [];
        }

        var b = address.GetAddressBytes();
        var found = new List<IPAddress>();

        // IPv4-mapped ::ffff:a.b.c.d and IPv4-compatible ::a.b.c.d (RFC 4291 §2.5.5), IPv4-translated ::ffff:0:a.b.c.d (RFC 2765 §2.1).
        if (IsZero(b, 0, 12) || (IsZero(b, 0, 10) && Starts(b, 10, 0xff, 0xff)) || (IsZero(b, 0, 8) && Starts(b, 8, 0xff, 0xff, 0, 0)))
        {
            Add(12, 13, 14, 15);
        }

        // NAT64, the well-known prefix 64:ff9b::/96 (RFC 6052 §2.1).
        if (Starts(b, 0, 0, 0x64, 0xff, 0x9b) && IsZero(b, 4, 8))
        {
            Add(12, 13, 14, 15);
        }

        // NAT64 for local use, 64:ff9b:1::/48 (RFC 8215): whoever runs it chooses one of the layouts of RFC 6052 §2.2.
        if (Starts(b, 0, 0, 0x64, 0xff, 0x9b, 0, 1))
        {
            Add(6, 7, 9, 10);
            Add(7, 9, 10, 11);
            Add(9, 10, 11, 12);
            Add(12, 13, 14, 15);
        }

        // 6to4, 2002::/16 (RFC 3056 §2).
        if (Starts(b, 0, 0x20, 0x02))
        {
            Add(2, 3, 4, 5);
        }

        // Teredo, 2001::/32 (RFC 4380 §4): the server, and the client with its bits inverted.
        if (Starts(b, 0, 0x20, 0x01, 0, 0))
        {
            Add(4, 5, 6, 7);
            found.Add(new IPAddress([(byte)~b[12], (byte)~b[13], (byte)~b[14], (byte)~b[15]]));
        }

        // ISATAP, an interface identifier [02]00:5efe:a.b.c.d below any prefix (RFC 5214 §6.1).
        if ((b[8] & ~0x02) == 0 && Starts(b, 9, 0, 0x5e, 0xfe))
        {
            Add(12, 13, 14, 15);
        }

        return found;

        void Add(int first, int second, int third, int fourth) => found.Add(new IPAddress([b[first], b[second], b[third], b[fourth]]));
    }

    private static bool IsZero(byte[] bytes, int start, int count) => !bytes.AsSpan(start, count).ContainsAnyExcept((byte)0);

    private static bool Starts(byte[] bytes, int start, params ReadOnlySpan<byte> prefix) => bytes.AsSpan(start).StartsWith(prefix);
}
