using Wagi.Modules.Outbound;

namespace Wagi.Modules.Tests.Outbound;

public sealed class AllowedHostTests
{
    [Theory]
    [InlineData("https://api.example.com", "https://api.example.com/v1?x=1", true)]
    [InlineData("https://API.example.com/", "https://api.example.com:443/", true)]
    [InlineData("https://api.example.com", "http://api.example.com/", false)]
    [InlineData("https://api.example.com", "https://api.example.com:8443/", false)]
    [InlineData("https://api.example.com", "https://api.example.com.evil.test/", false)]
    [InlineData("https://api.example.com", "https://api.example.com@evil.test/", false)]
    [InlineData("http://localhost:8080", "http://localhost:8080/a", true)]
    [InlineData("http://[::1]:8080", "http://[::1]:8080/a", true)]
    [InlineData("http://[::1]:8080", "http://[0:0:0:0:0:0:0:1]:8080/", true)]
    [InlineData("http://[::1]:8080", "http://[::2]:8080/", false)]
    [InlineData("http://[2001:DB8::a]", "http://[2001:db8::A]:80/", true)]
    [InlineData("http://192.0.2.1", "http://192.0.2.1/", true)]
    [InlineData("https://bücher.example", "https://xn--bcher-kva.example/", true)]
    [InlineData("insecure:allow-all", "http://anything.test:1/", true)]
    public void Entry_Allows_ItsOriginOnly(string entry, string destination, bool expected)
    {
        Assert.True(AllowedHost.TryParse(entry, out var host, out _));
        Assert.Equal(expected, host.Allows(new Uri(destination)));
    }

    /// <summary>What the operator writes into <c>modules.toml</c> is what the runtime reads.</summary>
    [Theory]
    [InlineData("http://[::1]:8080", "http://[::1]:8080")]
    [InlineData("https://[2001:DB8:0::A]/", "https://[2001:db8::a]:443")]
    [InlineData("http://[::ffff:192.0.2.1]", "http://[::ffff:192.0.2.1]:80")]
    [InlineData("http://192.0.2.1:8080", "http://192.0.2.1:8080")]
    [InlineData("https://API.example.com", "https://api.example.com:443")]
    [InlineData("insecure:allow-all", "insecure:allow-all")]
    public void Origin_IsAnEntryThatMeansTheSame(string entry, string origin)
    {
        Assert.True(AllowedHost.TryParse(entry, out var host, out _));
        Assert.Equal(origin, host.ToString());

        Assert.True(AllowedHost.TryParse(host.ToString(), out var again, out var error), error);
        Assert.Equal(host, again);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("api.example.com")]
    [InlineData("https://api.example.com/v1")]
    [InlineData("https://user@api.example.com")]
    [InlineData("ftp://api.example.com")]
    [InlineData("insecure:allow-some")]
    [InlineData("http://[fe80::1%25eth0]")]
    public void EntryThatIsNoOrigin_IsRefused(string? entry)
    {
        Assert.False(AllowedHost.TryParse(entry, out _, out var error));
        Assert.Contains("is not an origin", error, StringComparison.Ordinal);
    }
}
