using Wagi.Runtime.Cgi;
using Wagi.Runtime.Tests.Harness;

namespace Wagi.Runtime.Tests.Cgi;

/// <summary>The same id in the request, the answer, the log and the text of the runtime's own answers.</summary>
public sealed class RequestIdTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static async Task<(string[] Ids, string Body)> GetAsync(ServerHost host, string path, params string[] sent)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var id in sent)
        {
            request.Headers.TryAddWithoutValidation("X-Request-Id", id);
        }

        using var response = await host.Client.SendAsync(request, Cancellation);
        return ([.. response.Headers.GetValues("X-Request-Id")], await response.Content.ReadAsStringAsync(Cancellation));
    }

    [Fact]
    public async Task Id_IsInEveryAnswer_AndInItsText()
    {
        await using var host = await ServerHost.StartAsync(Wat.Printing("Content-Type: text/plain\n\nhello\n"), "/a");
        Assert.NotEqual(Assert.Single((await GetAsync(host, "/a")).Ids), Assert.Single((await GetAsync(host, "/a")).Ids));
        Assert.Single((await GetAsync(host, "/healthz")).Ids);
        var (ids, body) = await GetAsync(host, "/none");
        Assert.Equal($"404 no module has this route (request {Assert.Single(ids)})\n", body);
    }

    [Fact]
    public async Task IdOfTheClient_IsKept_AndIsTheOneInTheLog()
    {
        await using var host = await ServerHost.StartAsync(Wat.Start("unreachable"));
        var (ids, body) = await GetAsync(host, "/", "7b4c8d1e-0a");
        Assert.Equal("7b4c8d1e-0a", Assert.Single(ids));
        Assert.Equal("500 the module failed (request 7b4c8d1e-0a)\n", body);
        Assert.Contains(host.Log, line => line.StartsWith("Warning /... 7b4c8d1e-0a trapped: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task IdThatIsNone_IsReplaced()
    {
        await using var host = await ServerHost.StartAsync(Wat.Printing("Content-Type: text/plain\n\nhello\n"));
        Assert.DoesNotContain("two words", (await GetAsync(host, "/", "two words")).Ids);
        Assert.DoesNotContain("a", Assert.Single((await GetAsync(host, "/", "a", "b")).Ids).Split(','));
    }

    /// <summary>A second one would make it unclear which the log means.</summary>
    [Fact]
    public async Task IdOfTheModule_IsDropped()
    {
        await using var host = await ServerHost.StartAsync(Wat.Printing("Content-Type: text/plain\nX-Request-ID: made-up\n\nhello\n"));
        Assert.NotEqual("made-up", Assert.Single((await GetAsync(host, "/")).Ids));
    }

    [Theory]
    [InlineData("a", true)]
    [InlineData("0HNHV6K1QK2QS:00000001", true)]
    [InlineData("01ARZ3NDEKTSV4RRFFQ69G5FAV", true)]
    [InlineData("Root=1-67891233-abcdef012345678912345678", true)]
    [InlineData("aGVsbG8+/w==", true)]
    [InlineData("", false)]
    [InlineData("a b", false)]
    [InlineData("ä", false)]
    [InlineData("a;b", false)]
    [InlineData("<script>", false)]
    [InlineData("$(id)", false)]
    public void Validity_IsAMatterOfCharacters(string id, bool isValid) => Assert.Equal(isValid, RequestId.IsValid(id));

    [Fact]
    public void Validity_EndsAt128Characters()
    {
        Assert.True(RequestId.IsValid(new string('a', 128)));
        Assert.False(RequestId.IsValid(new string('a', 129)));
    }
}
