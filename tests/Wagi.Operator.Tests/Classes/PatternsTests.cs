using Wagi.Kubernetes.Resources;
using Wagi.Modules.Outbound;
using Wagi.Modules.Routes;
using Wagi.Oci.References;
using Wagi.Operator.Classes;

namespace Wagi.Operator.Tests.Classes;

public sealed class PatternsTests
{
    [Theory]
    [InlineData("shop.example.com", "shop.example.com", true)]
    [InlineData("shop.example.com", "a.shop.example.com", false)]
    [InlineData("shop.example.com", "*.shop.example.com", false)]
    [InlineData("*.example.com", "shop.example.com", true)]
    [InlineData("*.example.com", "a.b.example.com", true)]
    [InlineData("*.example.com", "*.example.com", true)]
    [InlineData("*.example.com", "*.b.example.com", true)]
    [InlineData("*.example.com", "example.com", false)]
    [InlineData("*.b.example.com", "*.example.com", false)]
    [InlineData("*.example.com", "badexample.com", false)]
    public void Host_IsCovered_WhenAllThatItMatchesIs(string pattern, string host, bool covered) =>
        Assert.Equal(covered, HostCover.Covers(HostPattern.Parse(pattern), HostPattern.Parse(host)));

    [Theory]
    [InlineData("https://api.example.com", "https://api.example.com", true)]
    [InlineData("https://api.example.com", "https://API.example.com:443/", true)]
    [InlineData("https://api.example.com", "http://api.example.com", false)]
    [InlineData("https://api.example.com", "https://api.example.com:8443", false)]
    [InlineData("https://*.example.com", "https://api.example.com", true)]
    [InlineData("https://*.example.com", "https://a.b.example.com", true)]
    [InlineData("https://*.example.com", "https://example.com", false)]
    [InlineData("https://*.example.com", "https://badexample.com", false)]
    [InlineData("*://*:*", "http://10.0.0.1:81", true)]
    [InlineData("*://*", "http://any.example", true)]
    [InlineData("*://*", "http://any.example:81", false)]
    [InlineData("http://[::1]:*", "http://[::1]:8080", true)]
    [InlineData("*://*:*", "insecure:allow-all", false)]
    public void Origin_IsCovered_ByItsPattern(string text, string origin, bool covered)
    {
        Assert.True(OriginPattern.TryParse(text, out var pattern, out var error), error);
        Assert.True(AllowedHost.TryParse(origin, out var host, out _));
        Assert.Equal(covered, pattern.Covers(host));
    }

    [Theory]
    [InlineData("api.example.com")]
    [InlineData("ftp://api.example.com")]
    [InlineData("https://")]
    [InlineData("https://api.example.com/path")]
    [InlineData("https://api.example.com:0")]
    [InlineData("https://a.*.example.com")]
    [InlineData("https://user@api.example.com")]
    [InlineData("insecure:allow-all")]
    public void TextThatIsNoOriginPattern_IsRefused(string text)
    {
        Assert.False(OriginPattern.TryParse(text, out _, out var error));
        Assert.Contains("SCHEME://HOST[:PORT]", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("*", "ghcr.io/example/hello:v1", true)]
    [InlineData("ghcr.io", "ghcr.io/example/hello:v1", true)]
    [InlineData("ghcr.io/example", "ghcr.io/example/hello:v1", true)]
    [InlineData("ghcr.io/example", "ghcr.io/example:v1", true)]
    [InlineData("ghcr.io/example", "ghcr.io/example-b/hello:v1", false)]
    [InlineData("ghcr.io", "ghcr.io:444/example/hello:v1", false)]
    [InlineData("*.example.com/shop", "eu.example.com/shop/hello:v1", true)]
    [InlineData("docker.io/library", "hello:v1", true)]
    public void Repository_IsCovered_ByItsPattern(string pattern, string image, bool covered) =>
        Assert.Equal(covered, RegistryCover.Covers(pattern, Reference.Parse(image)) is not null);

    [Theory]
    [InlineData("team=shop", true)]
    [InlineData("team=other", false)]
    [InlineData("", false)]
    public void Labels_AreSelected_WhenEverythingHolds(string label, bool selected)
    {
        var labels = label.Length == 0 ? [] : new Dictionary<string, string?> { [label.Split('=')[0]] = label.Split('=')[1] };
        var selector = new LabelSelector
        {
            MatchLabels = new Dictionary<string, string?> { ["team"] = "shop" },
            MatchExpressions =
            [
                new() { Key = "team", Operator = LabelRequirement.In, Values = ["shop", "pay"] },
                new() { Key = "tier", Operator = LabelRequirement.DoesNotExist },
                new() { Key = "tier", Operator = LabelRequirement.NotIn, Values = ["gold"] },
                new() { Key = "team", Operator = LabelRequirement.Exists },
            ],
        };

        Assert.Equal(selected, selector.Selects(labels));
        Assert.True(new LabelSelector().Selects(labels));
    }
}
