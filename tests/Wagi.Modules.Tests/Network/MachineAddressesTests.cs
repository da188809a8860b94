using System.Net;
using Wagi.Modules.Network;

namespace Wagi.Modules.Tests.Network;

public class MachineAddressesTests
{
    [Fact]
    public void Addresses_AreThoseOfTheInterfaces() => Assert.Contains(IPAddress.Loopback, MachineAddresses.Read());

    /// <summary>Reading them for each request made outbound HTTP to an address four times as slow.</summary>
    [Fact]
    public void RecentAddresses_AreNotReadForEachRequest()
    {
        var first = MachineAddresses.ReadRecent();

        Assert.Equal(MachineAddresses.Read().ToHashSet(), first.ToHashSet());
        Assert.Contains(Enumerable.Range(0, 100).Select(_ => MachineAddresses.ReadRecent()), addresses => ReferenceEquals(addresses, first));
    }
}
