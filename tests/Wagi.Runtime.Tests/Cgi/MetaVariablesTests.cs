using System.Collections.Immutable;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Wagi.Modules.Cgi;
using Wagi.Runtime.Tests.Harness;

namespace Wagi.Runtime.Tests.Cgi;

/// <summary>What a guest sees of a request (RFC 3875 §4.1, and WAGI's own variables).</summary>
public class MetaVariablesTests
{
    private static async Task<(string[] Arguments, Dictionary<string, string> Environment)> SeeAsync(
        string request, string route = "/...", ImmutableSortedDictionary<string, string>? environment = null, string? argv = null,
        string? defaultHost = null, bool passAuthorization = false)
    {
        await using var host = await HandlerHost.StartAsync(
            Wat.Dump, route, new() { DefaultHost = defaultHost },
            entry => entry with { Environment = environment ?? entry.Environment, Argv = argv, PassAuthorization = passAuthorization });
        return Read(HandlerHost.BodyOf(await host.SendRawAsync(request)));
    }

    private static (string[] Arguments, Dictionary<string, string> Environment) Read(byte[] answer)
    {
        var body = Encoding.UTF8.GetString(answer);
        var line = body.IndexOf("\0\n", StringComparison.Ordinal);
        var variables = body[(line + 2)..].TrimEnd('\0').Split('\0').Select(variable => variable.Split('=', 2)).ToList();
        Assert.Equal(variables.Count, variables.DistinctBy(variable => variable[0]).Count());
        return (body[..line].Split('\0'), variables.ToDictionary(variable => variable[0], variable => variable[1]));
    }

    [Fact]
    public async Task Get_Gives_EveryMetaVariable()
    {
        var (arguments, environment) = await SeeAsync(
            "GET /a/b%20c/%C3%A4?x=1&y=%20 HTTP/1.1\r\nHost: example.com:8080\r\nAccept: */*\r\nConnection: close\r\n\r\n", "/a/...");

        var expected = new Dictionary<string, string>
        {
            ["AUTH_TYPE"] = "",
            ["CONTENT_LENGTH"] = "0",
            ["CONTENT_TYPE"] = "",
            ["GATEWAY_INTERFACE"] = "CGI/1.1",
            ["PATH_INFO"] = "/b c/ä",
            ["X_RAW_PATH_INFO"] = "/b%20c/%C3%A4",
            ["PATH_TRANSLATED"] = "/b c/ä",
            ["QUERY_STRING"] = "x=1&y=%20",
            ["REMOTE_ADDR"] = "127.0.0.1",
            ["REMOTE_HOST"] = "127.0.0.1",
            ["REMOTE_USER"] = "",
            ["REQUEST_METHOD"] = "GET",
            ["SCRIPT_NAME"] = "/a",
            ["SERVER_NAME"] = "example.com",
            ["SERVER_PORT"] = "8080",
            ["SERVER_PROTOCOL"] = "HTTP/1.1",
            ["SERVER_SOFTWARE"] = "WAGI/1",
            ["X_FULL_URL"] = "http://example.com:8080/a/b%20c/%C3%A4?x=1&y=%20",
            ["X_MATCHED_ROUTE"] = "/a/...",
            ["HTTP_HOST"] = "example.com:8080",
            ["HTTP_ACCEPT"] = "*/*",
        };
        Assert.Equal(expected.OrderBy(pair => pair.Key), environment.OrderBy(pair => pair.Key));
        Assert.Equal(["/a/b%20c/%C3%A4", "x=1", "y=%20"], arguments);
    }

    [Fact]
    public async Task Post_Gives_LengthAndType()
    {
        var (_, environment) = await SeeAsync(
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\nContent-Length: 5\r\nConnection: close\r\n\r\n12345");

        Assert.Equal("5", environment["CONTENT_LENGTH"]);
        Assert.Equal("text/csv", environment["CONTENT_TYPE"]);
        Assert.Equal("POST", environment["REQUEST_METHOD"]);
        Assert.Equal("5", environment["HTTP_CONTENT_LENGTH"]);
        Assert.Equal("text/csv", environment["HTTP_CONTENT_TYPE"]);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    [InlineData("OPTIONS")]
    [InlineData("PROPFIND")]
    [InlineData("Mixed-Case")]
    public async Task Method_IsHandedOn_AsItWasSent(string method)
    {
        var (_, environment) = await SeeAsync($"{method} / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\nab");

        Assert.Equal(method, environment["REQUEST_METHOD"]);
        Assert.Equal("2", environment["CONTENT_LENGTH"]);
    }

    [Theory]
    [InlineData("/", "")]
    [InlineData("/?", "")]
    [InlineData("/?a=%20+b&c=%26&&d?e", "a=%20+b&c=%26&&d?e")]
    public async Task QueryString_IsHandedOn_NotDecoded(string target, string expected)
    {
        var (_, environment) = await SeeAsync($"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        Assert.Equal(expected, environment["QUERY_STRING"]);
    }

    [Fact]
    public async Task Credentials_AreWithheld_AndNameNoUser()
    {
        var (arguments, environment) = await SeeAsync(
            "GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Basic c2VjcmV0OnNlY3JldA==\r\nConnection: close\r\n\r\n");

        Assert.Equal("", environment["AUTH_TYPE"]);
        Assert.Equal("", environment["REMOTE_USER"]);
        Assert.DoesNotContain(environment.Values.Concat(arguments), value => value.Contains("c2VjcmV0", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Authorization_IsPassed_ToAModuleThatAsks_AndStillNamesNoUser()
    {
        var (_, environment) = await SeeAsync(
            "GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t0ken\r\nProxy-Authorization: Basic eA==\r\nProxy: http://evil\r\nConnection: close\r\n\r\n",
            passAuthorization: true);

        Assert.Equal("Bearer t0ken", environment["HTTP_AUTHORIZATION"]);
        Assert.Equal("", environment["AUTH_TYPE"]);
        Assert.Equal("", environment["REMOTE_USER"]);
        Assert.DoesNotContain("HTTP_PROXY_AUTHORIZATION", environment.Keys);
        Assert.DoesNotContain("HTTP_PROXY", environment.Keys);
    }

    [Fact]
    public async Task ChunkedBody_Gives_ItsDecodedLength()
    {
        var (_, environment) = await SeeAsync(
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n");

        Assert.Equal("7", environment["CONTENT_LENGTH"]);
    }

    [Fact]
    public async Task Headers_AreJoined_AndSomeAreWithheld()
    {
        var (_, environment) = await SeeAsync(
            "GET / HTTP/1.1\r\nHost: x\r\nX-Two: a\r\nX-Two: b\r\nCookie: c=1\r\nCookie: d=2\r\nAuthorization: Basic eA==\r\nProxy-Authorization: Basic eA==\r\n"
            + "Proxy: http://evil\r\nX_Two: spoofed\r\nX_Alone: 1\r\nConnection: close\r\n\r\n");

        Assert.Equal("a, b", environment["HTTP_X_TWO"]);
        Assert.Equal("c=1; d=2", environment["HTTP_COOKIE"]);
        Assert.Equal("1", environment["HTTP_X_ALONE"]);
        Assert.DoesNotContain("HTTP_AUTHORIZATION", environment.Keys);
        Assert.DoesNotContain("HTTP_PROXY_AUTHORIZATION", environment.Keys);
        Assert.DoesNotContain("HTTP_PROXY", environment.Keys);
        Assert.DoesNotContain("HTTP_CONNECTION", environment.Keys);
    }

    [Fact]
    public async Task ConfiguredEnvironment_NeverOverrides_MetaVariables()
    {
        var configured = ImmutableSortedDictionary<string, string>.Empty
            .Add("GREETING", "grüß dich").Add("REQUEST_METHOD", "EVIL").Add("SCRIPT_NAME", "/evil").Add("AUTH_TYPE", "evil")
            .Add("REMOTE_IDENT", "evil").Add("HTTP_ACCEPT", "evil").Add("HTTP_PROXY", "http://proxy:3128");
        var (_, environment) = await SeeAsync(
            "GET / HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nProxy: evil\r\nConnection: close\r\n\r\n", environment: configured);

        Assert.Equal("grüß dich", environment["GREETING"]);
        Assert.Equal("GET", environment["REQUEST_METHOD"]);
        Assert.Equal("", environment["SCRIPT_NAME"]);
        Assert.Equal("", environment["AUTH_TYPE"]);
        Assert.DoesNotContain("REMOTE_IDENT", environment.Keys);
        Assert.Equal("text/html", environment["HTTP_ACCEPT"]);
        Assert.Equal("http://proxy:3128", environment["HTTP_PROXY"]);
    }

    [Fact]
    public async Task ConfiguredEnvironment_NeverOverrides_AnyMetaVariable()
    {
        const string Request = "GET /p?q HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        var (_, plain) = await SeeAsync(Request);

        var (_, environment) = await SeeAsync(
            Request, environment: plain.Keys.ToImmutableSortedDictionary(name => name, _ => "evil", StringComparer.Ordinal));

        Assert.Equal(19 + 1, plain.Count); // those of CGI and WAGI, and HTTP_HOST
        Assert.All(plain, pair => Assert.Equal(pair.Value, environment[pair.Key]));
        Assert.All(plain.Keys, name => Assert.True(MetaVariableNames.Contains(name), name));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", null, "x", "80")]
    [InlineData("GET / HTTP/1.1\r\nHost: [::1]:99\r\nConnection: close\r\n\r\n", null, "[::1]", "99")]
    [InlineData("GET / HTTP/1.1\r\nHost: [::1]\r\nConnection: close\r\n\r\n", null, "[::1]", "80")]
    [InlineData("GET / HTTP/1.0\r\n\r\n", "default.example:3000", "default.example", "3000")]
    [InlineData("GET / HTTP/1.0\r\n\r\n", null, "127.0.0.1", "PORT")]
    public async Task Server_ComesFrom_HostThenDefaultThenConnection(string request, string? defaultHost, string name, string port)
    {
        var (_, environment) = await SeeAsync(request, defaultHost: defaultHost);

        Assert.Equal(name, environment["SERVER_NAME"]);
        if (port == "PORT")
        {
            Assert.Equal($"http://127.0.0.1:{environment["SERVER_PORT"]}/", environment["X_FULL_URL"]);
        }
        else
        {
            Assert.Equal(port, environment["SERVER_PORT"]);
        }
    }

    [Theory]
    [InlineData("/a", "/a", "", "")]
    [InlineData("/a", "/a?", "", "")]
    [InlineData("/a/...", "/a", "", "")]
    [InlineData("/a/...", "/a/", "/", "/")]
    [InlineData("/a/...", "/a/x%2Fy%25z", "/x/y%z", "/x%2Fy%25z")]
    [InlineData("/a/...", "/%61/x", "/x", "/x")]
    [InlineData("/a/...", "/b/../a/x%20y", "/x y", "/x%20y")]
    [InlineData("/a/...", "/a//x", "//x", "//x")]
    [InlineData("/...", "/x%252Fy", "/x%2Fy", "/x%252Fy")]
    [InlineData("/...", "http://x/abs?q", "/abs", "/abs")]
    public async Task PathInfo_IsDecodedOnce(string route, string target, string pathInfo, string raw)
    {
        var (_, environment) = await SeeAsync($"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", route);

        Assert.Equal(pathInfo, environment["PATH_INFO"]);
        Assert.Equal(raw, environment["X_RAW_PATH_INFO"]);
    }

    [Theory]
    [InlineData(null, "/a/b?x=1&y=2", "/a/b|x=1|y=2")]
    [InlineData(null, "/a/b", "/a/b")]
    [InlineData("index.php -f ${SCRIPT_NAME} ${ARGS}", "/a/b?x=1&y=2", "index.php|-f|/a|x=1|y=2")]
    [InlineData("run --args=${ARGS} end", "/a?x=1&y=2", "run|--args=x=1|y=2|end")]
    [InlineData("run ${ARGS} end", "/a", "run|end")]
    public async Task Arguments_Follow_TheTemplate(string? argv, string target, string expected)
    {
        var (arguments, _) = await SeeAsync($"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "/a/...", argv: argv);

        Assert.Equal(expected.Split('|'), arguments);
    }

    [Fact]
    public async Task Http2_IsNamedAsSuch_AndChangesNothingElse()
    {
        await using var host = await HandlerHost.StartAsync(SharedEngine.Load(Wat.Dump), "/a/...", protocols: HttpProtocols.Http2);
        using var request = new HttpRequestMessage(HttpMethod.Put, "/a/b%20c?x=1&y=%20")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent("12345"u8.ToArray()),
        };
        request.Headers.Host = "example.com:8080";
        request.Headers.Add("Cookie", ["a=1; b=2"]);

        using var response = await host.Client.SendAsync(request);

        var (arguments, environment) = Read(await response.Content.ReadAsByteArrayAsync());
        var (sameArguments, expected) = await SeeAsync(
            "PUT /a/b%20c?x=1&y=%20 HTTP/1.1\r\nHost: example.com:8080\r\nCookie: a=1; b=2\r\nContent-Length: 5\r\nConnection: close\r\n\r\n12345", "/a/...");
        Assert.Equal(sameArguments, arguments);
        Assert.Equal("HTTP/1.1", expected["SERVER_PROTOCOL"]);
        expected["SERVER_PROTOCOL"] = "HTTP/2";
        Assert.Equal(expected.OrderBy(pair => pair.Key), environment.OrderBy(pair => pair.Key));
    }
}
