using Wagi.Oci.Remote;

namespace Wagi.Oci.Tests.Remote;

public sealed class ChallengeTests
{
    [Theory]
    [InlineData("""realm="https://auth.example.com/token",service="registry",scope="repository:a/b:pull,push" """)]
    [InlineData("""Realm = "https://auth.example.com/token" , SERVICE=registry, scope="repository:a/b:pull,push",""")]
    public void Parameters_Are_Read_QuotedOrNot(string text)
    {
        var parameters = Challenge.ReadParameters(text);

        Assert.Equal("https://auth.example.com/token", parameters["realm"]);
        Assert.Equal("registry", parameters["service"]);
        Assert.Equal("repository:a/b:pull,push", parameters["scope"]);
    }

    [Fact]
    public void QuotedPairs_Are_Unescaped()
    {
        Assert.Equal("""a "b" \c""", Challenge.ReadParameters(""" realm="a \"b\" \\c" """)["realm"]);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("=x")]
    public void Nonsense_Gives_NoParameters(string? text) => Assert.Empty(Challenge.ReadParameters(text));

    [Fact]
    public void Bearer_Is_PreferredToBasic()
    {
        using var response = new HttpResponseMessage();
        response.Headers.WwwAuthenticate.ParseAdd("""Basic realm="x" """);
        response.Headers.WwwAuthenticate.ParseAdd("""Bearer realm="https://auth.example.com" """);

        Assert.Equal("bearer", Challenge.Choose(response.Headers.WwwAuthenticate)?.Scheme);
    }
}
