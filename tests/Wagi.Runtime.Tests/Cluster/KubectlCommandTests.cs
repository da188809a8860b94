using System.Collections.Concurrent;
using System.CommandLine;
using Microsoft.AspNetCore.Http;
using Wagi.Hosting.CommandLine;
using Wagi.Runtime.Commands;
using Wagi.Runtime.Tests.Commands;
using Wagi.TestCluster;

namespace Wagi.Runtime.Tests.Cluster;

/// <summary>The commands of <c>kubectl wagi</c>, on what an API server answers.</summary>
public sealed class KubectlCommandTests
{
    private const string All = "/apis/wagi.dev/v1alpha1/wagimodules";
    private const string Shop = "/apis/wagi.dev/v1alpha1/namespaces/shop/wagimodules";
    private const string Pods = "/api/v1/namespaces/wagi-system/pods";

    private static readonly string Cart = Module(
        "shop", "cart", "/cart/...", """ "hosts":["shop.example.com","*.shop.example.com"] """,
        """ "routes":["/cart/...","/cart/admin"],"runtimes":{"summary":"all"}, """,
        Condition("Accepted", "True", "Accepted"), Condition("Ready", "True", "Ready"));

    private static readonly string Search = Module(
        "shop", "search", "/search", """ "module":"oci://example.com/search:v1" """, "",
        Condition("Ready", "False", "NotFound"), Condition("Accepted", "True", "Accepted"), Condition("Resolved", "False", "NotFound"));

    private static readonly string Refused = Module(
        "blog", "thief", "/cart/...", """ "module":"oci://example.com/thief:v1" """, "",
        Condition("Accepted", "False", "RouteConflict"), Condition("Ready", "False", "RouteConflict"));

    [Fact]
    public async Task Status_IsATable_OfOneNamespaceOrOfAll()
    {
        await using var server = await FakeApiServer.StartAsync();
        server.List(Shop, Search, Cart);
        server.List(All, Cart, Refused, Search);

        Assert.Equal(
            """
            NAME    ROUTE      READY  RUNTIMES  REASON
            cart    /cart/...  True   all       Ready
            search  /search    False  -         NotFound

            """,
            (await RunAsync(server, "status")).Output);
        Assert.Equal(
            """
            NAMESPACE  NAME    ROUTE      READY  RUNTIMES  REASON
            blog       thief   /cart/...  False  -         RouteConflict
            shop       cart    /cart/...  True   all       Ready
            shop       search  /search    False  -         NotFound

            """,
            (await RunAsync(server, "status", "-A")).Output);
    }

    [Fact]
    public async Task Status_OfAnEmptyNamespace_SaysSo()
    {
        await using var server = await FakeApiServer.StartAsync();
        server.List(Shop);

        Assert.Equal(new CommandOutcome(0, "", "there are no WagiModules in namespace 'shop'\n"), await RunAsync(server, "status"));
    }

    [Fact]
    public async Task Routes_AreInTheOrderOfMatching_WithSubRoutes_AndWithoutThoseOfRefusedModules()
    {
        await using var server = await FakeApiServer.StartAsync();
        server.List(All, Refused, Search, Cart);

        Assert.Equal(
            """
            HOST                ROUTE        MODULE       READY  CLASS
            shop.example.com    /cart/admin  shop/cart    True   -
            shop.example.com    /cart/...    shop/cart    True   -
            *.shop.example.com  /cart/admin  shop/cart    True   -
            *.shop.example.com  /cart/...    shop/cart    True   -
            *                   /search      shop/search  False  -

            """,
            (await RunAsync(server, "routes")).Output);
    }

    [Fact]
    public async Task Routes_OfWhoMayListOneNamespaceOnly_AreThose_AndSaySo()
    {
        await using var server = await FakeApiServer.StartAsync();
        server.Forbid(All);
        server.List(Shop, Search);

        var outcome = await RunAsync(server, "routes");

        Assert.Equal(0, outcome.Code);
        Assert.Contains("shop/search", outcome.Output, StringComparison.Ordinal);
        Assert.StartsWith("you may not list the WagiModules of all namespaces: these are those of 'shop'.", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Why_ExplainsConditionsInOrder_WithAdviceOnce_AndEvents()
    {
        await using var server = await FakeApiServer.StartAsync();
        server.Answer(Shop + "/search", context => context.Response.WriteAsync(Search));
        server.List(
            "/api/v1/namespaces/shop/events",
            """{"type":"Warning","reason":"NotFound","message":"example.com has no search:v1\u001b[2J","count":5,"lastTimestamp":"2026-01-01T00:00:00Z"}""");

        var outcome = await RunAsync(server, "why", "search");

        var lines = outcome.Output.Split('\n');
        Assert.Equal("shop/search is not ready: /search → oci://example.com/search:v1", lines[0]);
        Assert.Equal(["Accepted", "Resolved", "Ready"], lines.Where(line => line.Contains(", for ", StringComparison.Ordinal)).Select(line => line.Split(':')[0]));
        Assert.Single(lines, "  What to do: Check repository, tag or file; push the module. Tried again.");
        Assert.Contains("    wagi push FILE example.com/search:v1", lines);
        Assert.Contains(lines, line => line.EndsWith("d ago: Warning NotFound: example.com has no search:v1?[2J (5 times)", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Why_OfANameThatIsNone_SuggestsTheNearest()
    {
        await using var server = await FakeApiServer.StartAsync();
        server.List(Shop, Cart);

        var outcome = await RunAsync(server, "why", "card");

        Assert.Equal(1, outcome.Code);
        Assert.EndsWith(": there is no WagiModule 'card' in namespace 'shop'; did you mean 'cart'?\n", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tail_PrintsTheLinesOfAllPodsAboutOneModule()
    {
        await using var server = await FakeApiServer.StartAsync();
        server.List(Pods, Pod("wagi-b"), Pod("wagi-a"));
        server.Answer(Pods + "/wagi-a/log", context => context.Response.WriteAsync("2026-11-29T10:00:00.1Z info  Handler: shop/cart is loaded\n2026-11-29T10:00:00.2Z info  Handler: shop/cart-2 is loaded\n"));
        server.Answer(Pods + "/wagi-b/log", context => context.Response.WriteAsync("2026-11-29T10:00:00.1Z warn  Handler: blog/cart trapped\n2026-11-29T10:00:00.2Z warn  Handler: shop/cart 0H1 trapped: \u001b[31munreachable\n"));

        var outcome = await RunAsync(server, "tail", "cart", "--no-follow");

        Assert.Equal(0, outcome.Code);
        Assert.Equal(
            ["wagi-a info  Handler: shop/cart is loaded", "wagi-b warn  Handler: shop/cart 0H1 trapped: ?[31munreachable"],
            outcome.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Tail_FollowsPodsThatComeLater()
    {
        await using var server = await FakeApiServer.StartAsync();
        server.List(Pods, Pod("wagi-a"));
        var begun = new TaskCompletionSource();
        server.Answer(Pods + "/wagi-a/log", context =>
        {
            begun.TrySetResult();
            return Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        server.Answer(Pods + "/wagi-b/log", context => context.Response.WriteAsync($"2026-11-29T10:00:00Z shop/cart came later{context.Request.Query["tailLines"]}\n"));
        using var output = new StringWriter();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var tail = RunAsync(server, TextWriter.Synchronized(output), TextWriter.Null, ["tail"], end.Token);
        await begun.Task.WaitAsync(TestContext.Current.CancellationToken);

        server.List(Pods, Pod("wagi-a"), Pod("wagi-b"));

        await Eventually.Becomes(_ => Task.FromResult(output.ToString()), text => text.Contains("wagi-b shop/cart came later\n", StringComparison.Ordinal));
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => tail);
    }

    [Fact]
    public async Task Tail_OfAPodThatHasNotStarted_BeginsWithItsFirstLine()
    {
        await using var server = await FakeApiServer.StartAsync();
        server.List(Pods, Pod("wagi-a"));
        var tries = 0;
        server.Answer(Pods + "/wagi-a/log", context =>
        {
            context.Response.StatusCode = ++tries == 1 ? StatusCodes.Status400BadRequest : StatusCodes.Status200OK;
            return context.Response.WriteAsync(tries == 1 ? "{}" : $"2026-11-29T10:00:00Z shop/cart is ready, of the last {context.Request.Query["tailLines"]}\n");
        });
        using var output = new StringWriter();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

        var tail = RunAsync(server, TextWriter.Synchronized(output), TextWriter.Null, ["tail", "--lines", "7"], end.Token);

        await Eventually.Becomes(_ => Task.FromResult(output.ToString()), text => text.Contains("wagi-a shop/cart is ready, of the last 7\n", StringComparison.Ordinal));
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => tail);
    }

    /// <summary>A kubelet says so in the log itself, with 200, while the container's file is not there; and any log breaks off with its connection.</summary>
    [Fact]
    public async Task Tail_WhoseLogBreaksOff_GoesOnBehindTheLastLine()
    {
        await using var server = await FakeApiServer.StartAsync();
        server.List(Pods, Pod("wagi-a"));
        var asked = new ConcurrentQueue<string>();
        server.Answer(Pods + "/wagi-a/log", context =>
        {
            asked.Enqueue($"{context.Request.Query["tailLines"]} {context.Request.Query["sinceTime"]}");
            return context.Response.WriteAsync(asked.Count switch
            {
                1 => "unable to retrieve container logs for containerd://1\n",
                2 => "2026-11-29T10:00:00.123456789Z shop/cart is ready\n",
                3 => "2026-11-29T10:00:00.123456789Z shop/cart is ready\n2026-11-29T10:00:00.223456789Z shop/cart has failed\n",
                _ => "",
            });
        });
        using var output = new StringWriter();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

        var tail = RunAsync(server, TextWriter.Synchronized(output), TextWriter.Null, ["tail", "--lines", "7"], end.Token);

        await Eventually.Becomes(() => asked.Count, count => count == 4);
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => tail);
        Assert.Equal("wagi-a shop/cart is ready\nwagi-a shop/cart has failed\n", output.ToString());
        Assert.Equal(["7 ", "7 ", " 2026-11-29T10:00:00Z", " 2026-11-29T10:00:00Z"], asked);
    }

    [Fact]
    public async Task Tail_WithoutPods_SaysHowToNameThem()
    {
        await using var server = await FakeApiServer.StartAsync();
        server.List(Pods);

        var outcome = await RunAsync(server, "tail");

        Assert.Equal(1, outcome.Code);
        Assert.Contains("there are no runtime pods in namespace 'wagi-system'", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("--runtimes", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MissingPermission_IsNamed()
    {
        await using var server = await FakeApiServer.StartAsync();
        server.List(Pods, Pod("wagi-a"));
        server.Forbid(Pods + "/wagi-a/log");

        var outcome = await RunAsync(server, "tail", "--no-follow");

        Assert.Equal(1, outcome.Code);
        Assert.Contains("you may not get pods/log in namespace 'wagi-system'", outcome.Error, StringComparison.Ordinal);
    }

    private static async Task<CommandOutcome> RunAsync(FakeApiServer server, params string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var code = await RunAsync(server, output, error, arguments, TestContext.Current.CancellationToken);
        return new CommandOutcome(code, output.ToString(), error.ToString());
    }

    private static Task<int> RunAsync(FakeApiServer server, TextWriter output, TextWriter error, string[] arguments, CancellationToken cancellationToken) =>
        CommandLineProgram.RunAsync(
            KubectlCommandFactory.Create(),
            [.. arguments, "--kubeconfig", server.KubeconfigPath],
            new InvocationConfiguration { Output = output, Error = error, ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false },
            cancellationToken);

    private static string Pod(string name) => $$"""{"metadata":{"name":"{{name}}"} }""";

    private static string Module(string space, string name, string route, string spec, string status, params string[] conditions) =>
        $$$"""
        {
          "metadata": { "namespace": "{{{space}}}", "name": "{{{name}}}", "generation": 1 },
          "spec": { "route": "{{{route}}}", {{{spec}}} },
          "status": { {{{status}}} "observedGeneration": 1, "conditions": [{{{string.Join(',', conditions)}}}] }
        }
        """;

    private static string Condition(string type, string status, string reason) =>
        $$"""{"type":"{{type}}","status":"{{status}}","reason":"{{reason}}","message":"so it is","lastTransitionTime":"2026-01-01T00:00:00Z","observedGeneration":1}""";
}
