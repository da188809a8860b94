using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Wagi.Runtime.Tests.Harness;
using Wagi.TestCluster;

namespace Wagi.Runtime.Tests.Admin;

public sealed partial class ModuleConsoleTests
{
    private static readonly string Hello = Wat.Printing("Content-Type: text/plain\n\nhello\n");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static string Entry(string id, string route, string more = "", string module = "guest.wat") =>
        $"[[module]]\nid = \"{id}\"\nroute = \"{route}\"\nmodule = \"{module}\"\n{more}\n";

    private static async Task<JsonNode> ReportAsync(ServerHost host, JsonNode? known = null)
    {
        var query = known?["report"] is { } report ? $"?process={report["process"]}&number={report["number"]}&version={report["version"]}" : "";
        return JsonNode.Parse(await host.Admin.GetStringAsync("/console/data" + query, Cancellation))!;
    }

    private static double[][] FiguresOf(JsonNode answer) =>
        [.. answer["report"]!["figures"]!.AsArray().Select(row => row!.AsArray().Select(value => value!.GetValue<double>()).ToArray())];

    private static HttpRequestMessage Form(string json, string type = "application/json", string? header = "1")
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/console/send") { Content = new StringContent(json, Encoding.UTF8, new MediaTypeHeaderValue(type)) };
        if (header is not null)
        {
            request.Headers.Add("X-Wagi-Console", header);
        }

        return request;
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/console")]
    public async Task Page_AllowsNothingButItself(string path)
    {
        await using var host = await ServerHost.StartAsync(Hello);

        using var response = await host.Admin.GetAsync(path, Cancellation);

        var html = await response.Content.ReadAsStringAsync(Cancellation);
        Assert.Equal("text/html; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        var policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
        Assert.StartsWith("default-src 'none'; ", policy, StringComparison.Ordinal);
        Assert.Contains($"script-src 'sha256-{HashOf(html, "script")}'", policy, StringComparison.Ordinal);
        Assert.Contains($"style-src 'sha256-{HashOf(html, "style")}'", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Equal(["nosniff"], response.Headers.GetValues("X-Content-Type-Options"));
        Assert.Equal(["no-referrer"], response.Headers.GetValues("Referrer-Policy"));
        Assert.Empty(ForeignThings().Matches(html));
    }

    /// <summary>Styles in attributes, handlers in attributes, and what would be fetched.</summary>
    [GeneratedRegex("""\s(style|on\w+)="|<(script|link|img|iframe)[^>]*\s(src|href)="(?!data:)""")]
    private static partial Regex ForeignThings();

    private static string HashOf(string html, string element)
    {
        var text = Assert.Single(Regex.Matches(html, $"<{element}>(.*?)</{element}>", RegexOptions.Singleline)).Groups[1].Value;
        return Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }

    [Fact]
    public async Task Report_HasTheFiguresOfEachModule_AndOnlyWhatIsNew()
    {
        await using var host = await ServerHost.ServeAsync(Entry("a/one", "/one") + Entry("a/two", "/two"), Hello);
        var first = await ReportAsync(host);
        Assert.Equal(["a/one", "a/two"], first["status"]!["modules"]!.AsArray().Select(module => module!["id"]!.GetValue<string>()));
        Assert.Empty(FiguresOf(first));

        for (var i = 0; i < 3; i++)
        {
            await host.Client.GetStringAsync("/two", Cancellation);
        }

        var second = await Eventually.Becomes(_ => ReportAsync(host, first), report => FiguresOf(report) is [[_, 3, ..]], cancellationToken: Cancellation);
        Assert.Null(second["status"]);
        var row = Assert.Single(FiguresOf(second));
        Assert.Equal([1, 3, 0, 0, 0, 2 * 65536], row[..6]);
        Assert.InRange(row[6], 0.001, 60_000); // p50
        Assert.InRange(row[7], row[6], 60_000); // p99
        Assert.Empty(FiguresOf(await ReportAsync(host, second)));
    }

    /// <summary>A page with thousands of modules is not to begin anew with each try.</summary>
    [Fact]
    public async Task ModuleThatFailsAgain_IsNoNews()
    {
        await using var host = await ServerHost.ServeAsync(Entry("a", "/a") + Entry("missing", "/b", module: "missing.wat"), Hello);
        var first = await ReportAsync(host);
        Assert.NotNull(first["status"]);

        await Eventually.Becomes(
            _ => Task.FromResult(host.Log.Count(line => line.Contains("trying again", StringComparison.Ordinal))), tries => tries > 2, cancellationToken: Cancellation);

        Assert.Null((await ReportAsync(host, first))["status"]);
    }

    [Fact]
    public async Task Report_HasRequestsMeanwhile_AndFailuresFromBefore()
    {
        await using var host = await ServerHost.ServeAsync(
            Entry("hello", "/hello") + Entry("trap", "/trap", module: "trap.wat"), Hello);
        host.Write("trap.wat", Wat.Start("unreachable"));
        await Eventually.Becomes(
            async token => (await host.Client.GetAsync("/trap", token)).StatusCode, status => status == HttpStatusCode.InternalServerError, cancellationToken: Cancellation);

        // The client has its answer before the request is in the report.
        var first = await Eventually.Becomes(
            _ => ReportAsync(host), report => report["report"]!["failures"]!.AsArray().Count > 0, cancellationToken: Cancellation);
        var failure = first["report"]!["failures"]!.AsArray()[0]!;
        Assert.Equal("trap", failure["module"]!.GetValue<string>());
        Assert.Equal(500, failure["status"]!.GetValue<int>());
        Assert.Contains("unreachable", failure["reason"]!.GetValue<string>(), StringComparison.Ordinal);

        await host.Client.GetAsync("/hello?password=hidden", Cancellation);
        await host.Client.GetAsync("/none", Cancellation);

        var outcomes = await Eventually.Becomes(
            async _ => (await ReportAsync(host))["report"]!["requests"]!.AsArray()
                .ToLookup(request => request!["path"]!.GetValue<string>(), request => request!["outcome"]!.GetValue<string>()),
            outcomes => outcomes.Contains("/hello") && outcomes.Contains("/none"),
            cancellationToken: Cancellation);
        Assert.Equal(["completed"], outcomes["/hello"]);
        Assert.Equal(["no_route"], outcomes["/none"]);
        Assert.Empty(outcomes.Select(path => path.Key).Except(["/hello", "/none", "/trap"]));
    }

    /// <summary>Nobody looks at the console most of the time.</summary>
    [Fact]
    public async Task Report_HasNoRequestsFromBeforeItWasLookedAt()
    {
        await using var host = await ServerHost.ServeAsync(Entry("hello", "/hello"), Hello);
        await host.Client.GetAsync("/hello", Cancellation);
        await Eventually.Becomes(
            token => host.Admin.GetStringAsync("/metrics", token),
            metrics => metrics.Contains("wagi_requests_total{", StringComparison.Ordinal),
            cancellationToken: Cancellation);

        Assert.Empty((await ReportAsync(host))["report"]!["requests"]!.AsArray());
    }

    [Fact]
    public async Task Module_HasNamesOfVariables_AndNoValue()
    {
        await using var host = await ServerHost.ServeAsync(
            Entry("a", "/a", "environment = { PASSWORD = \"value\" }\nallowed_hosts = [\"https://api.example.com\"]\ntimeout = \"7s\""), Hello, "-e", "REGION=value");

        var text = await host.Admin.GetStringAsync("/console/module?id=a", Cancellation);

        Assert.DoesNotContain("\"value\":\"value\"", text, StringComparison.Ordinal);
        var module = JsonNode.Parse(text)!;
        Assert.Equal(
            ["PASSWORD entry", "REGION all modules"], module["environment"]!.AsArray().Select(variable => $"{variable!["name"]} {variable["source"]}"));
        Assert.Equal("https://api.example.com:443", module["allowedHosts"]![0]!.GetValue<string>());
        Assert.Equal("7s", module["limits"]![0]!["value"]!.GetValue<string>());
        using var unknown = await host.Admin.GetAsync("/console/module?id=b", Cancellation);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    /// <summary>A name that an attacker's server gives this machine's address (DNS rebinding).</summary>
    [Theory]
    [InlineData("localhost", HttpStatusCode.OK)]
    [InlineData("LOCALHOST:1", HttpStatusCode.OK)]
    [InlineData("127.0.0.1:8081", HttpStatusCode.OK)]
    [InlineData("[::1]:8081", HttpStatusCode.OK)]
    [InlineData("attacker.example", HttpStatusCode.MisdirectedRequest)]
    [InlineData("localhost.attacker.example:8081", HttpStatusCode.MisdirectedRequest)]
    [InlineData("192.0.2.1", HttpStatusCode.MisdirectedRequest)]
    public async Task AdminPort_AnswersToNamesOfThisMachine(string name, HttpStatusCode expected)
    {
        await using var host = await ServerHost.StartAsync(Hello);
        foreach (var path in new[] { "/", "/console/data", "/console/module?id=/...", "/status", "/metrics", "/healthz/live" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Host = name;

            using var response = await host.Admin.SendAsync(request, Cancellation);

            Assert.Equal(expected, response.StatusCode);
            Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));
        }
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    [InlineData("Origin", "https://attacker.example")]
    [InlineData("Origin", "null")]
    public async Task Data_AreNotForOtherPages(string header, string value)
    {
        await using var host = await ServerHost.StartAsync(Hello);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/console/data");
        request.Headers.Add(header, value);

        using var response = await host.Admin.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Fact]
    public async Task Form_SendsTheRequest_AsAnyClientWould()
    {
        await using var host = await ServerHost.StartAsync(Wat.Printing("Status: 418\nContent-Type: text/plain\nX-Tea: green\n\nhäll\n"), "/tea/...");
        using var request = Form("""{"method":"POST","target":"/tea/a b?c","headers":"X-Request-Id: mine\nHost: tea.example","body":"ä"}""");

        using var response = await host.Admin.SendAsync(request, Cancellation);

        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancellation))!;
        Assert.Equal(418, answer["status"]!.GetValue<int>());
        Assert.Equal("häll\n", answer["text"]!.GetValue<string>());
        var headers = answer["headers"]!.AsArray().Select(header => $"{header!["name"]}: {header["value"]}").ToList();
        Assert.Contains("X-Tea: green", headers);
        Assert.Contains("mine", headers.Single(header => header.StartsWith("X-Request-", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"method":"GET","target":"a"}""", "the path 'a' does not begin with a slash\n")]
    [InlineData("""{"method":"CONNECT","target":"/"}""", "'CONNECT' is not a method such as GET or POST\n")]
    [InlineData("""{"method":"GET","target":"/","headers":"none"}""", "the header 'none' is not 'NAME: VALUE'\n")]
    [InlineData("""{"method":"GET","target":"/","headers":"Host: a b"}""", "the header 'Host: a b' names no host, which may have a port, such as www.example.com:8080\n")]
    [InlineData("""{"method":"POST","target":"/","headers":"Content-Length: 2","body":"abc"}""", "Content-Length says 2, and the body has 3 bytes; leave the header out, then it is counted\n")]
    [InlineData("""{"method":"GET"}""", "a request is JSON such as {\"method\": \"GET\", \"target\": \"/\"}, perhaps with \"headers\" and \"body\", which are text\n")]
    [InlineData("""{"method":"GET","target":1}""", "a request is JSON such as {\"method\": \"GET\", \"target\": \"/\"}, perhaps with \"headers\" and \"body\", which are text\n")]
    [InlineData("null", "there is no request\n")]
    public async Task Form_SaysWhatIsWrong(string json, string expected)
    {
        await using var host = await ServerHost.StartAsync(Hello);
        using var request = Form(json);

        using var response = await host.Admin.SendAsync(request, Cancellation);

        Assert.Equal((HttpStatusCode.BadRequest, expected), (response.StatusCode, await response.Content.ReadAsStringAsync(Cancellation)));
    }

    [Theory]
    [InlineData("application/json", null)]
    [InlineData("text/plain", "1")]
    public async Task Form_OfAnotherPage_IsRefused(string type, string? header)
    {
        await using var host = await ServerHost.StartAsync(Hello);
        using var request = Form("""{"method":"GET","target":"/"}""", type, header);

        using var response = await host.Admin.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Fact]
    public async Task Console_OfACluster_SendsNothing()
    {
        await using var host = await ServerHost.StartAsync(Hello, "/...", "--peers", "http://127.0.0.1:1");
        using var request = Form("""{"method":"GET","target":"/"}""");

        using var response = await host.Admin.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Null((await ReportAsync(host))["report"]!["sendsTo"]);
    }

    [Theory]
    [InlineData("DELETE", "/", "GET, HEAD")]
    [InlineData("POST", "/console/data", "GET, HEAD")]
    [InlineData("GET", "/console/send", "POST")]
    public async Task OtherMethods_AreRefused(string method, string path, string allowed)
    {
        await using var host = await ServerHost.StartAsync(Hello);
        using var request = new HttpRequestMessage(new HttpMethod(method), path);

        using var response = await host.Admin.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        Assert.Equal(allowed, string.Join(", ", response.Content.Headers.Allow));
    }
}
