using System.Net;

namespace Wagi.TestCluster.Kubernetes.Node;

/// <summary>
/// Addresses of one node: a /22 of 198.18.0.0/15, the range that is set aside for test networks (RFC 2544) and that no other network of a
/// machine has. Nodes of several test runs differ by <paramref name="Slot"/>.
/// </summary>
/// <param name="Slot">0 to 127.</param>
internal sealed record NodeNetwork(int Slot)
{
    /// <summary>How many there are.</summary>
    public const int Slots = 128;

    /// <summary>Of the link between machine and node.</summary>
    public const int PrefixLength = 24;

    /// <summary>The name of the machine's end of the link; no other node of this machine has it.</summary>
    public string Name => $"wagi-node{Slot}";

    /// <summary>The machine as the node and its pods see it: API server, registry and name server are there.</summary>
    public IPAddress Host => Address(0, 1);

    /// <summary>The node.</summary>
    public IPAddress Node => Address(0, 2);

    /// <summary>Addresses of pods.</summary>
    public string PodRange => $"{Address(1, 0)}/24";

    /// <summary>Addresses of services.</summary>
    public string ServiceRange => $"{Address(2, 0)}/24";

    /// <summary>The service <c>kubernetes</c>.</summary>
    public IPAddress ServiceAddress => Address(2, 1);

    private IPAddress Address(int third, int fourth) => new([198, (byte)(18 + Slot / 64), (byte)(Slot % 64 * 4 + third), (byte)fourth]);
}
