using Wagi.Modules.Outbound;
using Wagi.Spin.Outbound;

namespace Wagi.Spin.Tests.Outbound;

public sealed class OutboundPatternTests
{
    [Theory]
    [InlineData("https://api.example.com", "https://api.example.com:443")]
    [InlineData("https://API.example.com/", "https://api.example.com:443")]
    [InlineData("http://localhost:8080", "http://localhost:8080")]
    [InlineData("http://[::1]:8080", "http://[::1]:8080")]
    [InlineData("https://bücher.example", "https://xn--bcher-kva.example:443")]
    [InlineData("*://api.example.com:8443", "http://api.example.com:8443 https://api.example.com:8443")]
    [InlineData("*://*:*", "insecure:allow-all")]
    [InlineData("insecure:allow-all", "insecure:allow-all")]
    [InlineData("https://*.example.com", "")]
    [InlineData("https://*", "")]
    [InlineData("http://localhost:8000..9000", "")]
    public void Item_StandsForItsOrigins_WhereTheyCanBeListed(string text, string origins) =>
        Assert.Equal(origins, string.Join(' ', Pattern(text).Origins));

    [Theory]
    [InlineData("https://*.example.com", "https://api.example.com", true)]
    [InlineData("https://*.example.com", "https://a.b.example.com", true)]
    [InlineData("https://*.example.com", "https://example.com", false)]
    [InlineData("https://*.example.com", "https://badexample.com", false)]
    [InlineData("https://*.example.com", "http://api.example.com:443", false)]
    [InlineData("https://*.example.com", "https://api.example.com:8443", false)]
    [InlineData("https://*", "https://any.example", true)]
    [InlineData("http://localhost:8000..9000", "http://localhost:8999", true)]
    [InlineData("http://localhost:8000..9000", "http://localhost:9000", false)]
    [InlineData("https://bücher.example", "https://xn--bcher-kva.example", true)]
    [InlineData("https://*", "insecure:allow-all", false)]
    [InlineData("*://*:*", "insecure:allow-all", true)]
    public void Grant_CountsOnlyWhereTheComponentAsksForIt(string asked, string granted, bool isBoth) =>
        Assert.Equal(isBoth ? [Host(granted)] : [], OutboundPattern.Intersect([Pattern(asked)], [Host(granted)]).Where(host => host == Host(granted)));

    [Fact]
    public void GrantOfEverything_LeavesWhatTheComponentAsksFor() => Assert.Equal(
        [Host("https://api.example.com")],
        OutboundPattern.Intersect([Pattern("https://api.example.com"), Pattern("https://*.example.org")], [Host("insecure:allow-all")]));

    [Theory]
    [InlineData("redis://cache:6379", "nothing over 'redis'")]
    [InlineData("api.example.com", "not an origin")]
    [InlineData("https://self", "by their public address")]
    [InlineData("http://cart.spin.internal", "by their public address")]
    [InlineData("*://api.example.com", "needs a port")]
    [InlineData("https://a.example:b", "'b' is not a port")]
    [InlineData("https://10.0.0.0/8", "is not the name or the address of a host")]
    [InlineData("https://a*.example", "is not the name or the address of a host")]
    [InlineData("https://user@a.example", "is not the name or the address of a host")]
    public void ItemThatModulesCannotHave_IsRefused(string text, string reason)
    {
        Assert.False(OutboundPattern.TryParse(text, out _, out var error));
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }

    private static OutboundPattern Pattern(string text) =>
        OutboundPattern.TryParse(text, out var pattern, out var error) ? pattern : throw new FormatException(error);

    private static AllowedHost Host(string text) => AllowedHost.TryParse(text, out var host, out var error) ? host : throw new FormatException(error);
}
