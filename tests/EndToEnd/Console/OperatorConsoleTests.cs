using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Wagi.TestCluster;
using Wagi.TestCluster.Http;
using Wagi.TestCluster.Processes;
using Wagi.TestCluster.Product;

namespace Wagi.EndToEnd.Console;

/// <summary>The operator's console in a browser. What there is to see is in <c>operator-console.mjs</c>.</summary>
public sealed class OperatorConsoleTests : IAsyncLifetime
{
    private const string Class = """
        apiVersion: wagi.dev/v1alpha1
        kind: WagiClass
        metadata:
          name: teams
          annotations: {wagi.dev/is-default-class: "true"}
        spec:
          namespaces: {matchLabels: {wagi: allowed}}
          allowedHosts: ["https://*.example.com"]
          limits:
            timeout: {default: 10s, max: 30s}
            memoryLimit: {default: 64Mi, max: 256Mi}
          budget: {modules: 20, bytes: 128Ki}
        """;

    private readonly TempDirectory _directory = new("operator-console");
    private readonly List<IAsyncDisposable> _processes = [];
    private WholeSystem? _system;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private WholeSystem System => _system!;

    public async ValueTask InitializeAsync()
    {
        ConsoleBrowser.SkipWithout();
        Assert.SkipWhen(WholeSystem.WhyMissing is not null, WholeSystem.WhyMissing ?? "");
        _system = await WholeSystem.StartAsync(Cancellation);
        await System.KillOperatorAsync();
    }

    [Fact]
    public async Task Console_ShowsWagiModulesClassesAndRuntimes_AndAStandbyWhatItKnows()
    {
        var arguments = await StartShopAsync();
        var leader = await LaunchAsync([.. arguments, "--leader-elect", "true"]);
        await ShopIsAsItShouldBeAsync();
        var standby = await LaunchAsync([.. arguments, "--leader-elect", "true"]);

        await LookAsync("all", leader, standby.Url);
    }

    /// <summary>Their ConfigMap has no room for all of them, and there is no runtime: what counts here is that there are many, and that they change.</summary>
    [Fact]
    public async Task FiveThousandWagiModulesOfAnApiServer_AreShownWithoutAStutter()
    {
        var (proxy, _) = await System.ControlPlane.StartProxyAsync();
        _processes.Add(proxy);
        using var api = new HttpClient { BaseAddress = new Uri($"http://{proxy.Address}") };
        await Parallel.ForAsync(0, 50, Cancellation, async (i, token) => await CreateAsync(api, "/api/v1/namespaces", Namespace(Team(i)), token));
        await Parallel.ForAsync(0, 5000, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Cancellation }, async (i, token) =>
            await CreateAsync(api, $"/apis/wagi.dev/v1alpha1/namespaces/{Team(i % 50)}/wagimodules", Many(i), token));
        var running = await LaunchAsync([], runtimes: ["--runtime-selector", "app=none"]);

        await LookAsync("many", running, api.BaseAddress!.GetLeftPart(UriPartial.Authority));
    }

    [Fact]
    public async Task Pictures_AreTaken_WhenTheyAreAskedFor()
    {
        ConsoleBrowser.SkipUnlessPicturesAreAskedFor();
        var arguments = await StartShopAsync();
        var running = await LaunchAsync([.. arguments, "--leader-elect", "true"]);
        await ShopIsAsItShouldBeAsync();

        await LookAsync("pictures", running, ConsoleBrowser.Pictures);
    }

    private static string Team(int number) => string.Create(CultureInfo.InvariantCulture, $"team-{number:00}");

    private static JsonObject Namespace(string name) => new() { ["metadata"] = new JsonObject { ["name"] = name } };

    private static JsonObject Many(int number)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"module-{number:0000}");
        return new JsonObject
        {
            ["apiVersion"] = "wagi.dev/v1alpha1",
            ["kind"] = "WagiModule",
            ["metadata"] = new JsonObject { ["name"] = name },
            ["spec"] = new JsonObject
            {
                ["route"] = $"/{number % 4000}",
                ["module"] = "r.invalid/m@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                ["suspend"] = number % 97 == 0,
            },
        };
    }

    private static async Task CreateAsync(HttpClient api, string path, JsonObject item, CancellationToken cancellationToken)
    {
        using var content = new StringContent(item.ToJsonString(), Encoding.UTF8, "application/json");
        using var answer = await api.PostAsync(path, content, cancellationToken);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(cancellationToken));
    }

    private static Task LookAsync(string scenario, (ProductProcess Process, string Url) running, params string[] more) =>
        ConsoleBrowser.LookAsync("operator-console.mjs", scenario, running.Url, () => running.Process.Log, more, Cancellation);

    private async Task<(ProductProcess Process, string Url)> LaunchAsync(IEnumerable<string> more, IEnumerable<string>? runtimes = null)
    {
        var health = $"127.0.0.1:{FreePort.Pick()}";
        var process = System.LaunchOperator(more: more, runtimes: runtimes ?? [], health: health);
        _processes.Add(process);
        using var http = new HttpClient();
        await Eventually.Becomes(
            async token => (await http.GetAsync($"http://{health}/healthz/ready", token)).StatusCode, status => status == HttpStatusCode.OK, cancellationToken: Cancellation);
        return (process, $"http://{health}");
    }

    /// <summary>Two runtimes and one that starts, and WagiModules in all states.</summary>
    /// <returns>Arguments for operators.</returns>
    private async Task<IReadOnlyList<string>> StartShopAsync()
    {
        var port = FreePort.Pick();
        for (var i = 1; i <= 3; i++)
        {
            await StartRuntimeAsync(string.Create(CultureInfo.InvariantCulture, $"wagi-runtime-{i}"), new IPAddress([127, 0, 0, (byte)(i + 1)]), port, isReady: i < 3);
        }

        foreach (var name in new[] { "shop", "blog", "ops", "lab" })
        {
            await System.ControlPlane.ApplyAsync("---\n" + Labeled(name).ToJsonString(), Cancellation);
        }

        await System.ControlPlane.ApplyAsync(
            "---\n{apiVersion: v1, kind: Secret, metadata: {name: payments, namespace: shop}, stringData: {token: secret-value}}", Cancellation);
        var hello = await System.PushAsync(Checkout.Sample("hello-c")!, "samples/hello:v1");
        var tag = hello[..hello.IndexOf('@', StringComparison.Ordinal)];
        await System.ApplyModuleAsync(
            "shop", "cart", "route: /cart/...", $"module: {tag}", "allowedHosts: [https://api.example.com]",
            "env: [{name: CURRENCY, value: secret-value}, {name: TOKEN, valueFrom: {secretKeyRef: {name: payments, key: token}}}]");
        await System.ApplyModuleAsync("shop", "catalog", "route: /catalog/...", $"module: {tag}");
        await System.ApplyModuleAsync("shop", "checkout", "route: /checkout", "hosts: [shop.example.com]", $"module: {tag}");
        await System.ApplyModuleAsync("shop", "search", "route: /search", $"module: {tag}");
        await System.ApplyModuleAsync("ops", "report", "route: /report", $"module: {tag}");
        return ["--class-file", _directory.Write("class.yaml", Class), "--runtime-selector", "app=runtime", "--runtime-admin-port", $"{port}"];

        static JsonObject Labeled(string name) => new()
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Namespace",
            ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = new JsonObject { ["wagi"] = name == "lab" ? "refused" : "allowed" } },
        };
    }

    private async Task ShopIsAsItShouldBeAsync()
    {
        foreach (var (space, name) in new[] { ("shop", "cart"), ("shop", "catalog"), ("shop", "checkout"), ("shop", "search"), ("ops", "report") })
        {
            await System.WaitAsync(space, name, "Ready");
        }

        var tag = $"{System.Registry.Address}/samples/hello:v1";
        await System.ApplyModuleAsync("shop", "catalog", "route: /catalog/...", $"module: {tag}1");
        await System.ApplyModuleAsync("ops", "report", "route: /report", $"module: {tag}", "suspend: true");
        await System.ApplyModuleAsync("blog", "posts", "route: /search", $"module: {tag}");
        await System.ApplyModuleAsync("blog", "feed", "route: /feed.xml", $"module: {tag}", "timeout: 5m");
        await System.ApplyModuleAsync("blog", "comments", "route: /comments/...", $"module: {tag}", "env: [{name: TOKEN, valueFrom: {secretKeyRef: {name: comments, key: token}}}]");
        await System.ApplyModuleAsync("lab", "tryout", "route: /tryout", $"module: {tag}");
        await System.ApplyModuleAsync("ops", "import", "route: /import", $"module: {tag}", "entrypoint: nothing");
        await System.ApplyModuleAsync("ops", "old", "route: /old", $"module: {tag}", "className: legacy");
        await System.ConditionAsync("shop", "catalog", "Resolved", "False", "NotFound");
        await System.ConditionAsync("blog", "posts", "Accepted", "False", "RouteConflict");
        await System.ConditionAsync("blog", "feed", "Accepted", "False", "NotAllowedByClass");
        await System.ConditionAsync("blog", "comments", "Resolved", "False", "SecretNotFound");
        await System.ConditionAsync("ops", "import", "Ready", "False", "EntrypointMissing");
        await System.ConditionAsync("ops", "report", "Accepted", "Unknown", "Suspended");
        await System.ConditionAsync("ops", "old", "Accepted", "False", "ClassNotFound");
    }

    /// <summary>A pod that nobody schedules, with a loopback address of its own, and the runtime at it.</summary>
    private async Task StartRuntimeAsync(string name, IPAddress address, int port, bool isReady)
    {
        if (isReady)
        {
            _processes.Add(await System.StartRuntimeAsync(Release.This, _directory.PathOf(name), $"{address}:{port}", Cancellation));
        }

        await System.ControlPlane.ApplyAsync(
            $"---\n{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: {WholeSystem.SystemNamespace}, labels: {{app: runtime}}}}, spec: {{containers: [{{name: wagi, image: wagi}}]}}}}", Cancellation);
        var path = $"/api/v1/namespaces/{WholeSystem.SystemNamespace}/pods/{name}";
        var pod = JsonNode.Parse((await System.ControlPlane.KubectlAsync("get", "--raw", path)).EnsureSuccess().Stdout)!;
        pod["status"] = new JsonObject
        {
            ["phase"] = "Running",
            ["podIP"] = address.ToString(),
            ["conditions"] = new JsonArray(new JsonObject { ["type"] = "Ready", ["status"] = isReady ? "True" : "False" }),
        };
        (await System.ControlPlane.KubectlAsync(["replace", "--raw", path + "/status", "-f", "-"], pod.ToJsonString())).EnsureSuccess();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            await process.DisposeAsync();
        }

        if (_system is not null)
        {
            await _system.DisposeAsync();
        }

        _directory.Dispose();
    }
}
