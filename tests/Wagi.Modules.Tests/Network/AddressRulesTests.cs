using System.Net;
using Wagi.Modules.Network;

namespace Wagi.Modules.Tests.Network;

/// <summary>Which addresses are reached for somebody who chose the URL.</summary>
public sealed class AddressRulesTests
{
    private static readonly IPAddress Pod = IPAddress.Parse("10.244.1.7");

    private static readonly AddressRules Shared = new() { Own = OwnAddresses.Denied };

    [Theory]
    [InlineData("169.254.169.254")]
    [InlineData("169.254.170.2")]
    [InlineData("fe80::a9fe:a9fe")]
    [InlineData("fd00:ec2::254")]
    [InlineData("fd00:ec2::23")]
    [InlineData("fd20:ce::254")]
    [InlineData("fd00:c1::a9fe:a9fe")]
    [InlineData("fd00:42::42")]
    [InlineData("100.100.100.200")]
    [InlineData("192.0.0.192")]
    [InlineData("168.63.129.16")]
    public void CloudMetadata_IsDenied_Everywhere(string address)
    {
        Assert.NotNull(Objection(new AddressRules(), address));
        Assert.NotNull(Objection(new AddressRules { Own = OwnAddresses.ByName }, address));
        Assert.NotNull(Objection(Shared, address));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.8.9.10")]
    [InlineData("::1")]
    [InlineData("0.0.0.0")]
    [InlineData("0.1.2.3")]
    [InlineData("::")]
    [InlineData("10.244.1.7")]
    public void ThisMachine_IsDenied_WhereItIsShared(string address)
    {
        Assert.NotNull(Objection(Shared, address));
        Assert.Null(Objection(new AddressRules(), address));
    }

    /// <summary>127.0.0.1, 169.254.169.254 and the pod's own address, as every IPv6 address that may lead there.</summary>
    [Theory]
    [InlineData("::ffff:{0}")] // mapped
    [InlineData("::{0}")] // compatible
    [InlineData("::ffff:0:{0}")] // translated
    [InlineData("64:ff9b::{0}")] // NAT64
    [InlineData("64:ff9b:1::{0}")] // NAT64 of one's own, /96
    [InlineData("64:ff9b:1:ffff:ffff:ffff:{0}")]
    [InlineData("64:ff9b:1:{1}:{2}::")] // /48
    [InlineData("64:ff9b:1:ab{3}:{4}:{5}00::")] // /56
    [InlineData("64:ff9b:1:abcd:{6}:{7}:{8}00::")] // /64
    [InlineData("2002:{9}::1")] // 6to4
    [InlineData("2001:0:{9}::ffff:ffff")] // the server of Teredo
    [InlineData("2001:0:808:808:0:ffff:{10}")] // the client of Teredo
    [InlineData("2001:db8:1:2:0:5efe:{0}")] // ISATAP
    [InlineData("2001:db8:1:2:200:5efe:{0}")]
    public void IPv4_InsideIPv6_IsTheSameAddress(string form)
    {
        foreach (var address in new[] { IPAddress.Loopback, IPAddress.Parse("169.254.169.254"), Pod })
        {
            var b = address.GetAddressBytes();
            var text = string.Format(
                null, form, address, $"{b[0]:x2}{b[1]:x2}", $"{b[2]:x4}:{b[3]:x2}00",
                $"{b[0]:x2}", $"{b[1]:x4}", $"{b[2]:x2}{b[3]:x2}:",
                $"{b[0]:x4}", $"{b[1]:x2}{b[2]:x2}", $"{b[3]:x2}", $"{b[0]:x2}{b[1]:x2}:{b[2]:x2}{b[3]:x2}",
                $"{(byte)~b[0]:x2}{(byte)~b[1]:x2}:{(byte)~b[2]:x2}{(byte)~b[3]:x2}");
            Assert.True(Objection(Shared, text) is not null, $"{text} leads to {address}");
        }
    }

    [Theory]
    [InlineData("10.96.0.10")]
    [InlineData("192.168.1.2")]
    [InlineData("100.64.0.1")]
    [InlineData("203.0.113.1")]
    [InlineData("fd12:3456::1")]
    [InlineData("2001:db8::1")]
    [InlineData("2606:4700::1111")]
    [InlineData("64:ff9b::8.8.8.8")]
    [InlineData("2002:808:808::1")]
    public void OtherAddresses_PrivateOnesToo_AreReached(string address) => Assert.Null(Objection(Shared, address));

    [Theory]
    [InlineData("localhost", "127.0.0.1", true)]
    [InlineData("api.localhost", "127.0.0.1", true)]
    [InlineData("127.0.0.1", "127.0.0.1", true)]
    [InlineData("10.244.1.7", "10.244.1.7", true)]
    [InlineData("rebinding.example.com", "127.0.0.1", false)]
    [InlineData("rebinding.example.com", "10.244.1.7", false)]
    [InlineData("localhost.example.com", "::1", false)]
    [InlineData("localhost", "169.254.169.254", false)]
    public void ThisMachine_ByName_IsReachedUnderItsOwnNamesOnly(string host, string address, bool isReached) =>
        Assert.Equal(isReached, new AddressRules { Own = OwnAddresses.ByName }.Objection(host, IPAddress.Parse(address), [Pod]) is null);

    [Fact]
    public void Exception_HoldsForTheAddress_AndNotForItsDisguises()
    {
        var rules = Shared with { AllowedNetworks = [IPNetwork.Parse("127.0.0.0/8")] };

        Assert.Null(Objection(rules, "127.0.0.1"));
        Assert.Null(Objection(rules, "::ffff:127.0.0.1"));
        Assert.NotNull(Objection(rules, "64:ff9b::127.0.0.1"));
        Assert.NotNull(Objection(rules, "::1"));
        Assert.NotNull(Objection(rules with { DeniedNetworks = [IPNetwork.Parse("127.0.0.1/32")] }, "127.0.0.1"));
    }

    [Theory]
    [InlineData("wagi-runtime-admin:8081", "wagi-runtime-admin", 8081)]
    [InlineData("[::1]:80", "::1", 80)]
    [InlineData("10.0.0.1:80", "10.0.0.1", 80)]
    [InlineData("wagi-runtime-admin", null, 0)]
    [InlineData("wagi-runtime-admin:0", null, 0)]
    [InlineData("wagi-runtime-admin:65536", null, 0)]
    [InlineData("http://wagi:80", null, 0)]
    public void Service_IsHostAndPort(string text, string? host, int port)
    {
        Assert.Equal(host is not null, AddressRules.TryReadService(text, out var service));
        Assert.Equal((host, port), (service?.Host, service?.Port ?? 0));
    }

    private static string? Objection(AddressRules rules, string address) => rules.Objection("example.com", IPAddress.Parse(address), [Pod]);
}
