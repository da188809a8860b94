using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Wagi.Kubernetes.ApiServer;
using Wagi.Operator.LeaderElection;
using Wagi.Operator.Tests.Cluster;
using Wagi.Operator.Tests.Runtimes;
using Wagi.TestCluster;

namespace Wagi.Operator.Tests.Instance;

/// <summary>The console of an operator on a real API server; <c>tests/EndToEnd/Console</c> looks at it with a browser.</summary>
public sealed class OperatorConsoleTests(ClusterFixture cluster)
{
    private const string Module = "127.0.0.1:5000/samples/hello@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    private static readonly string[] Paths = ["/", "/console", "/console/data", "/console/modules", "/console/module?id=a/b"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static async Task<JsonNode> JsonAsync(TestOperator test, string path, CancellationToken cancellationToken = default) =>
        JsonNode.Parse(await test.HttpAsync(path, cancellationToken))!;

    private static async Task<JsonNode?> RowAsync(TestOperator test, string name, CancellationToken cancellationToken) =>
        (await JsonAsync(test, "/console/modules", cancellationToken))["modules"]!.AsArray().FirstOrDefault(row => (string?)row!["id"] == $"{test.Tenant}/{name}");

    private static Task<JsonNode?> RowBecomesAsync(TestOperator test, string name, string state) => Eventually.Becomes(
        token => RowAsync(test, name, token), row => (string?)row?["state"] == state, waitingFor: $"{name} to be {state}");

    private static async Task<HttpResponseMessage> AskAsync(HttpClient http, TestOperator test, string path, string? host = null, (string Name, string Value)? header = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(new Uri(test.Application!.Urls.First()), path));
        request.Headers.Host = host;
        if (header is var (name, value))
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await http.SendAsync(request, Cancellation);
    }

    /// <summary>Sends from an address of this machine to another.</summary>
    private static HttpClient From(IPAddress source, IPAddress destination) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        ConnectCallback = async (context, token) =>
        {
            var socket = new Socket(source.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(source, 0));
            await socket.ConnectAsync(new IPEndPoint(destination, context.DnsEndPoint.Port), token);
            return new NetworkStream(socket, ownsSocket: true);
        },
    });

    [Fact]
    public async Task Console_ShowsThePlan_AndWhatTheRuntimesSay()
    {
        await using var test = await TestOperator.CreateAsync(await cluster.ControlPlaneAsync());
        await using var runtime = await FakeRuntime.StartAsync(test.TomlAsync);
        test.Options = test.Options with { Runtimes = [runtime.Url] };
        runtime.Failing = runtime.Failing.Add($"{test.Tenant}/broken", "CompileFailed");
        await test.StartAgainAsync();
        await test.ApplyModuleAsync(
            "hello", $$"""{ route: /hello, module: "{{Module}}", env: [{ name: GREETING, value: secret-value }, { name: TOKEN, valueFrom: { secretKeyRef: { name: api, key: token, optional: true } } }] }""");
        await test.ConditionBecomesAsync("hello", "Ready", "True/");
        await test.ApplyModuleAsync("other", $$"""{ route: /hello, module: "{{Module}}" }""");
        await test.ApplyModuleAsync("broken", $$"""{ route: /broken, module: "{{Module}}" }""");

        var hello = (await RowBecomesAsync(test, "hello", "Serving"))!;
        Assert.Equal("/hello all", $"{hello["route"]} {hello["runtimes"]}");
        Assert.Equal(["Accepted True Accepted", "Resolved True Resolved", "Programmed True Programmed", "Ready True Ready"],
            hello["conditions"]!.AsArray().Select(condition => string.Join(' ', condition!.AsArray().Select(part => part!.GetValue<string>()))));
        var broken = (await RowBecomesAsync(test, "broken", "Failing"))!;
        Assert.Equal("CompileFailed", (string?)broken["reason"]);
        var other = (await RowBecomesAsync(test, "other", "NotProgrammed"))!;
        Assert.Equal($"{test.Tenant}/hello", (string?)other["lostTo"]);

        var page = await test.HttpAsync($"/console/module?id={test.Tenant}/hello");
        Assert.DoesNotContain("secret-value", page, StringComparison.Ordinal);
        var detail = JsonNode.Parse(page)!;
        Assert.Equal(["GREETING the spec", "TOKEN Secret api, key token"], detail["environment"]!.AsArray().Select(variable => $"{variable!["name"]} {variable["value"]}"));
        Assert.Equal([$"{test.Tenant}/other"], detail["wonFrom"]!.AsArray().Select(id => (string?)id));
        Assert.Equal("Ready", (string?)Assert.Single(detail["runtimes"]!.AsArray())!["state"]);
        var help = (await JsonAsync(test, $"/console/module?id={test.Tenant}/other"))["conditions"]![0]!;
        Assert.StartsWith("Another WagiModule has the route", (string?)help["advice"], StringComparison.Ordinal);
        Assert.Contains("/hello, which comes first", (string?)help["message"], StringComparison.Ordinal);

        var overview = await Eventually.Becomes(token => JsonAsync(test, "/console/data", token), overview => overview["runtimes"]?[0]?["failed"]?.GetValue<int>() == 1);
        Assert.True((bool)overview["leads"]! && (bool)overview["plans"]!);
        Assert.InRange((int)overview["room"]!["toml"]!, 1, 100_000);
        Assert.True((double)overview["turn"]!["milliseconds"]! > 0);
        var use = Assert.Single(overview["classes"]![0]!["use"]!.AsArray())!;
        Assert.Equal((test.Tenant, 2), ((string?)use["namespace"], (int)use["modules"]!));
        using var http = new HttpClient();
        Assert.Equal(HttpStatusCode.NotFound, (await AskAsync(http, test, "/console/module?id=no/thing")).StatusCode);
    }

    [Fact]
    public async Task Standby_SaysSo_AndShowsWhatTheLeaderHasWritten()
    {
        await using var leader = await TestOperator.StartAsync(cluster, options => options with { LeaderElection = Election(options.Namespace, "leader") });
        await leader.ApplyModuleAsync("hello", $$"""{ route: /hello, module: "{{Module}}" }""");
        await leader.ConditionBecomesAsync("hello", "Ready", "False/NoRuntimes");
        await using var standby = await leader.BesideAsync(leader.Options with { LeaderElection = Election(leader.System, "standby") });

        await RowBecomesAsync(standby, "hello", "Failing");

        var overview = await JsonAsync(standby, "/console/data");
        Assert.False((bool)overview["leads"]!);
        Assert.False((bool)overview["plans"]!);
        Assert.Null(overview["room"]);
        Assert.Null((await JsonAsync(standby, $"/console/module?id={leader.Tenant}/hello"))["runtimes"]);
    }

    [Fact]
    public async Task PagesThatAreLookedAt_CauseNoRequestToTheApiServer_AndAreSentOnce()
    {
        var requests = 0;
        await using var test = await TestOperator.CreateAsync(await cluster.ControlPlaneAsync());
        test.HoldUp = _ =>
        {
            Interlocked.Increment(ref requests);
            return Task.CompletedTask;
        };
        await test.StartAgainAsync();
        await test.ApplyModuleAsync("hello", $$"""{ route: /hello, module: "{{Module}}" }""");
        await test.ConditionBecomesAsync("hello", "Ready", "False/NoRuntimes");
        using var http = new HttpClient();
        var seen = await Eventually.Becomes(
            async _ =>
            {
                using var first = await AskAsync(http, test, "/console/modules");
                using var again = await AskAsync(http, test, "/console/modules", header: ("If-None-Match", first.Headers.ETag!.Tag));
                return (again.StatusCode, first.Headers.ETag.Tag);
            },
            seen => seen.StatusCode == HttpStatusCode.NotModified);
        // The operator itself may still have something to write, but not each time.
        await Eventually.Becomes(
            async _ =>
            {
                var before = Volatile.Read(ref requests);
                for (var i = 0; i < 20; i++)
                {
                    await LookAsync();
                }

                return Volatile.Read(ref requests) - before;
            },
            caused => caused == 0);

        async Task LookAsync()
        {
            foreach (var page in new[] { "/", "/console/data", $"/console/module?id={test.Tenant}/hello" })
            {
                using var answer = await AskAsync(http, test, page);
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            }

            using var same = await AskAsync(http, test, "/console/modules", header: ("If-None-Match", seen.Tag));
            Assert.Equal((HttpStatusCode.NotModified, ""), (same.StatusCode, await same.Content.ReadAsStringAsync(Cancellation)));
        }
    }

    [Fact]
    public async Task Page_AllowsNothingButItself()
    {
        await using var test = await TestOperator.StartAsync(cluster);
        using var http = new HttpClient();

        using var response = await AskAsync(http, test, "/");

        var html = await response.Content.ReadAsStringAsync(Cancellation);
        var policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
        Assert.StartsWith("default-src 'none'; ", policy, StringComparison.Ordinal);
        foreach (var element in new[] { "script", "style" })
        {
            var text = Assert.Single(Regex.Matches(html, $"<{element}>(.*?)</{element}>", RegexOptions.Singleline)).Groups[1].Value;
            Assert.Contains($"{element}-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}'", policy, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        using var post = await http.PostAsync(new Uri(new Uri(test.Application!.Urls.First()), "/console/data"), null, Cancellation);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, post.StatusCode);
    }

    /// <summary>Other pods reach the port, and so does the sidecar of a mesh, from a loopback address of its own.</summary>
    [Fact]
    public async Task Console_AnswersToThisMachineAlone_WhileProbesAndMetricsAnswerToAll()
    {
        await using var test = await TestOperator.StartAsync(cluster, options => options with { Health = new IPEndPoint(IPAddress.Any, 0) });
        var own = NetworkInterface.GetAllNetworkInterfaces().SelectMany(network => network.GetIPProperties().UnicastAddresses).Select(address => address.Address)
            .Where(address => address.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(address)).ToList();
        foreach (var source in own.Append(IPAddress.Parse("127.0.0.6")))
        {
            using var other = From(source, IPAddress.IsLoopback(source) ? IPAddress.Loopback : source);
            foreach (var path in Paths)
            {
                using var refused = await AskAsync(other, test, path, "localhost");
                Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
                Assert.Equal(
                    "the console answers to connections from this machine, or this pod, only: kubectl port-forward\n", await refused.Content.ReadAsStringAsync(Cancellation));
            }

            foreach (var path in new[] { "/healthz/live", "/metrics" })
            {
                using var answer = await AskAsync(other, test, path, "10.0.0.1:8082");
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            }
        }

        using var here = From(IPAddress.Loopback, IPAddress.Loopback);
        using var shown = await AskAsync(here, test, "/console/modules", "localhost:8082");
        Assert.Equal(HttpStatusCode.OK, shown.StatusCode);
    }

    [Theory]
    [InlineData("attacker.example", null, null, HttpStatusCode.MisdirectedRequest)]
    [InlineData("10.0.0.1:8082", null, null, HttpStatusCode.MisdirectedRequest)]
    [InlineData("localhost:8082", "X-Forwarded-For", "10.0.0.1", HttpStatusCode.Forbidden)]
    [InlineData("localhost:8082", "Via", "1.1 proxy", HttpStatusCode.Forbidden)]
    [InlineData("localhost:8082", "Sec-Fetch-Site", "cross-site", HttpStatusCode.Forbidden)]
    [InlineData("localhost:8082", "Origin", "https://attacker.example", HttpStatusCode.Forbidden)]
    public async Task Data_AreNotForOtherPages_NorForWhoComesByAProxy(string host, string? header, string? value, HttpStatusCode expected)
    {
        await using var test = await TestOperator.StartAsync(cluster);
        using var http = new HttpClient();
        foreach (var path in Paths.Where(path => path.StartsWith("/console/", StringComparison.Ordinal)))
        {
            using var response = await AskAsync(http, test, path, host, header is null ? null : (header, value!));

            Assert.Equal(expected, response.StatusCode);
            Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));
        }
    }

    private static LeaderElectionOptions Election(string @namespace, string identity) =>
        new() { Lease = new ObjectKey(@namespace, "wagi-operator"), Identity = identity };
}
