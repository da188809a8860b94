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
    [InlineData("insecure:allow-all", "http://anything.test:1/", true)]
    public void Entry_Allows_ItsOriginOnly(string entry, string destination, bool expected)
    {
        Assert.True(AllowedHost.TryParse(entry, out var host, out _));
        Assert.Equal(expected, host.Allows(new Uri(destination)));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("api.example.com")]
    [InlineData("https://api.example.com/v1")]
    [InlineData("https://user@api.example.com")]
    [InlineData("ftp://api.example.com")]
    [InlineData("insecure:allow-some")]
    public void EntryThatIsNoOrigin_IsRefused(string? entry)
    {
        Assert.False(AllowedHost.TryParse(entry, out _, out var error));
        Assert.Contains("is not an origin", error, StringComparison.Ordinal);
    }
}
