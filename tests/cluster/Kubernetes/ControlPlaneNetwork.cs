using System.Net;

namespace Wagi.TestCluster.Kubernetes;

/// <summary>What an API server has to know of the network when there are nodes.</summary>
/// <param name="Address">Where it listens, for nodes, pods and tests.</param>
/// <param name="ServiceRange">From what range services have their addresses, <c>198.18.2.0/24</c>.</param>
/// <param name="ServiceAddress">The first of them: the service <c>kubernetes</c>.</param>
internal sealed record ControlPlaneNetwork(IPAddress Address, string ServiceRange, IPAddress ServiceAddress);
