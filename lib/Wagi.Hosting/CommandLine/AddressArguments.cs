using System.CommandLine;
using System.Net;
using Wagi.Modules.Network;

namespace Wagi.Hosting.CommandLine;

/// <summary>The flags that change <see cref="AddressRules"/>: <c>--NAME-deny</c> and <c>--NAME-allow</c>.</summary>
public sealed class AddressArguments
{
    private readonly Option<string[]> _deny;
    private readonly Option<string[]> _allow;

    /// <param name="name">What the names of the flags begin with: <c>outbound</c>.</param>
    /// <param name="subject">Who connects, for the descriptions: <c>HTTP requests of modules</c>.</param>
    public AddressArguments(string name, string subject)
    {
        _deny = new($"--{name}-deny")
        {
            Description = $"Network that {subject} never reach, 10.96.0.0/12, or a service at all its addresses, HOST:PORT. May be repeated.",
            HelpName = "CIDR|HOST:PORT",
        };
        _allow = new($"--{name}-allow")
        {
            Description = $"Network that {subject} reach although it holds cloud metadata or this machine: 127.0.0.0/8. May be repeated.",
            HelpName = "CIDR",
        };
    }

    /// <summary>The options, to be added to a command.</summary>
    public IEnumerable<Option> Options => [_deny, _allow];

    /// <summary>What the arguments say.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="own">Whether this machine is reached.</param>
    /// <param name="services">Further services that are denied.</param>
    /// <exception cref="UsageException">One of them is wrong.</exception>
    public AddressRules Read(ParseResult arguments, OwnAddresses own, params IEnumerable<DnsEndPoint> services)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        var networks = new List<IPNetwork>();
        var denied = services.ToList();
        foreach (var text in arguments.GetValue(_deny) ?? [])
        {
            if (AddressRules.TryReadNetwork(text, out var network))
            {
                networks.Add(network);
            }
            else
            {
                denied.Add(AddressRules.TryReadService(text, out var service) ? service : throw new UsageException(
                    $"{_deny.Name}: '{text}' is neither a network such as 10.96.0.0/12, with zeros after the prefix, nor HOST:PORT"));
            }
        }

        return new AddressRules
        {
            Own = own,
            DeniedNetworks = networks,
            DeniedServices = denied,
            AllowedNetworks = [.. (arguments.GetValue(_allow) ?? []).Select(ReadAllowed)],
            DenyFlag = _deny.Name,
            AllowFlag = _allow.Name,
        };
    }

    private IPNetwork ReadAllowed(string text) => AddressRules.TryReadNetwork(text, out var network)
        ? network
        : throw new UsageException($"{_allow.Name}: '{text}' is not a network such as 127.0.0.0/8, with zeros after the prefix");
}
