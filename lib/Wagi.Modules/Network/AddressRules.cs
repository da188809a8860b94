using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Wagi.Modules.Network;

/// <summary>
/// Which addresses are reached for somebody who chose the URL: a module with its HTTP requests, a tenant with a reference. In this
/// order: <see cref="DeniedServices"/>, <see cref="DeniedNetworks"/>, the exceptions in <see cref="AllowedNetworks"/>, and what no URL
/// of a tenant is meant to reach, cloud metadata and this machine. Everything else is reached, private networks too.
/// </summary>
public sealed record AddressRules
{
    /// <summary>Where clouds tell machines their credentials, and the link-local ranges, which hold most such places.</summary>
    public static IReadOnlyList<IPNetwork> Metadata { get; } =
    [
        .. new[]
        {
            "169.254.0.0/16", "fe80::/10", // AWS, Azure, Google, Oracle, OpenStack, DigitalOcean, Hetzner, …
            "fd00:ec2::/32", // AWS: metadata, Pod Identity, DNS
            "fd20:ce::254/128", // Google
            "fd00:c1::a9fe:a9fe/128", "192.0.0.192/32", // Oracle
            "fd00:42::42/128", // Scaleway
            "100.100.100.200/32", // Alibaba
            "168.63.129.16/32", // Azure's WireServer
        }.Select(IPNetwork.Parse),
    ];

    /// <summary>Whether this machine itself is reached: loopback, unspecified addresses, and those of its interfaces.</summary>
    public OwnAddresses Own { get; init; } = OwnAddresses.Allowed;

    /// <summary>Networks that are never reached.</summary>
    public IReadOnlyCollection<IPNetwork> DeniedNetworks { get; init; } = [];

    /// <summary>
    /// Services that are never reached, at any address that their name resolves to, at that port. The unspecified address stands for this
    /// machine.
    /// </summary>
    public IReadOnlyCollection<DnsEndPoint> DeniedServices { get; init; } = [];

    /// <summary>Exceptions from the rules about <see cref="Metadata"/> and <see cref="Own"/>.</summary>
    public IReadOnlyCollection<IPNetwork> AllowedNetworks { get; init; } = [];

    /// <summary>The flag that adds to <see cref="DeniedNetworks"/> and <see cref="DeniedServices"/>, for messages; null: there is none.</summary>
    public string? DenyFlag { get; init; }

    /// <summary>The flag that adds to <see cref="AllowedNetworks"/>, for messages; null: there is none.</summary>
    public string? AllowFlag { get; init; }

    /// <summary>Why an address is not reached, as the rest of a sentence that names it; null when it is.</summary>
    /// <param name="host">The host of the URL, without brackets.</param>
    /// <param name="address">What it resolves to.</param>
    /// <param name="own">The addresses of this machine's interfaces.</param>
    /// <remarks>Decides all but <see cref="DeniedServices"/>, which have to be looked up.</remarks>
    internal string? Objection(string host, IPAddress address, IReadOnlyCollection<IPAddress> own)
    {
        IPAddress[] forms = [address, .. EmbeddedAddresses.In(address)];
        if (forms.Any(form => Contains(DeniedNetworks, form)))
        {
            return $"in a network that is denied{Flag(DenyFlag)}";
        }

        // The exception is about the address that is connected to, however it is written.
        if (Contains(AllowedNetworks, address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address))
        {
            return null;
        }

        if (forms.Any(form => Contains(Metadata, form)))
        {
            return $"where clouds have their metadata{Exception}";
        }

        if (Own == OwnAddresses.Allowed || (Own == OwnAddresses.ByName && NamesOwn(host)) || !forms.Any(form => IsOwn(form, own)))
        {
            return null;
        }

        return Own == OwnAddresses.ByName
            ? $"this machine, which is reached only by 'localhost' or its address, and only if allowed_hosts lists that{Exception}"
            : $"this machine itself{Exception}";
    }

    /// <summary>Whether a URL's host is written in a way that can only mean a certain address, or this machine.</summary>
    internal static bool NamesOwn(string host) =>
        IPAddress.TryParse(host, out _)
        || host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase);

    private string Exception => AllowFlag is null ? "" : $" ({AllowFlag} makes an exception)";

    private static string Flag(string? flag) => flag is null ? "" : $" ({flag})";

    private static bool Contains(IReadOnlyCollection<IPNetwork> networks, IPAddress address) => networks.Any(network => network.Contains(address));

    /// <summary>Whether an address is one of this machine.</summary>
    internal static bool IsOwn(IPAddress address, IReadOnlyCollection<IPAddress> own) =>
        IPAddress.IsLoopback(address)
        || address.Equals(IPAddress.IPv6Any)
        // "This network": Linux takes 0.0.0.0 for loopback.
        || ThisNetwork.Contains(address)
        || own.Any(other => other.GetAddressBytes().AsSpan().SequenceEqual(address.GetAddressBytes()));

    private static readonly IPNetwork ThisNetwork = IPNetwork.Parse("0.0.0.0/8");

    /// <summary>Reads <c>CIDR</c>, with zeros after the prefix, or an address alone.</summary>
    public static bool TryReadNetwork(string text, out IPNetwork network)
    {
        ArgumentNullException.ThrowIfNull(text);
        network = default;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (!TryReadAddress(slash < 0 ? text : text[..slash], out var address))
        {
            return false;
        }

        if (slash < 0)
        {
            network = new IPNetwork(address, address.GetAddressBytes().Length * 8);
            return true;
        }

        return IPNetwork.TryParse(text, out network) && network.BaseAddress.Equals(address);
    }

    /// <summary>As people write addresses: the platform also takes <c>10</c> and <c>0x7f000001</c> for some, and brackets, ports and zones.</summary>
    private static bool TryReadAddress(string text, [NotNullWhen(true)] out IPAddress? address) =>
        IPAddress.TryParse(text, out address)
        && (address.AddressFamily == AddressFamily.InterNetwork ? address.ToString() == text : !text.AsSpan().ContainsAny('[', '%'));

    /// <summary>Reads <c>HOST:PORT</c>.</summary>
    public static bool TryReadService(string text, [NotNullWhen(true)] out DnsEndPoint? service)
    {
        ArgumentNullException.ThrowIfNull(text);
        var colon = text.LastIndexOf(':');
        service = colon > 0
            && Uri.CheckHostName(text[..colon].Trim('[', ']')) != UriHostNameType.Unknown
            && ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0
                ? new DnsEndPoint(text[..colon].Trim('[', ']'), port)
                : null;
        return service is not null;
    }
}

/// <summary>Whether this machine's own addresses are reached.</summary>
public enum OwnAddresses
{
    /// <summary>Like all others.</summary>
    Allowed,

    /// <summary>Only where the URL writes <c>localhost</c> or the address: no other name may turn out to mean this machine.</summary>
    ByName,

    /// <summary>Never.</summary>
    Denied,
}
