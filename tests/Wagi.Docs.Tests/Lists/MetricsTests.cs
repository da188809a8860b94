using System.Text.RegularExpressions;
using Wagi.TestCluster;
using Wagi.TestCluster.Kubernetes;
using Wagi.TestCluster.Pages;
using Wagi.TestCluster.Processes;
using Wagi.TestCluster.Product;

namespace Wagi.Docs.Tests.Lists;

/// <summary>The metrics that pages, alerts and dashboard name are those that the programs have.</summary>
public sealed partial class MetricsTests
{
    /// <summary>Asks for a URL that it may not have, and answers.</summary>
    private const string Handler = """
        (module
          (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
          (import "wasi_experimental_http" "req"
            (func $req (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
          (memory (export "memory") 1)
          (data (i32.const 0) "\10\00\00\00\1a\00\00\00")
          (data (i32.const 16) "Content-Type: text/plain\n\n")
          (data (i32.const 64) "GET")
          (data (i32.const 72) "http://127.0.0.1/")
          (func (export "_start")
            (drop (call $req (i32.const 72) (i32.const 17) (i32.const 64) (i32.const 3)
              (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 128) (i32.const 132)))
            (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EveryMetricThatIsNamed_IsThere_AndIsWellFormed()
    {
        Assert.SkipWhen(TestTools.WhyMissing(ControlPlane.Programs) is not null, TestTools.WhyMissing(ControlPlane.Programs) ?? "");
        using var folder = new TempDirectory("metrics");
        await using var runtime = StartRuntime(folder);
        var address = await runtime.WaitForLogAsync(log => Listening().Match(log) is { Success: true } match ? match : null, Cancellation);
        using var http = new HttpClient();
        await Eventually.Becomes(
            async token => await http.GetAsync(address.Groups["url"].Value + "/a", token), answer => answer.IsSuccessStatusCode, cancellationToken: Cancellation);

        await using var api = await ControlPlane.StartAsync(Cancellation);
        await api.ApplyCrdsAsync(Checkout.Crds, Cancellation);
        (await api.KubectlAsync("create", "namespace", "wagi-system")).EnsureSuccess();
        await api.ApplyAsync(
            "---\n{apiVersion: wagi.dev/v1alpha1, kind: WagiModule, metadata: {name: a, namespace: default}, spec: {route: /a, module: 'registry.invalid/a:v1'}}",
            Cancellation);
        var health = $"127.0.0.1:{FreePort.Pick()}";
        await using var program = ProductProcess.Start(
            Path.Combine(AppContext.BaseDirectory, "wagi-operator"),
            ["run", "--kubeconfig", api.KubeconfigPath, "--namespace", "wagi-system", "--runtime", address.Groups["admin"].Value, "--health", health]);

        var ofRuntime = await http.GetStringAsync(address.Groups["admin"].Value + "/metrics", Cancellation);
        var named = Named();
        Assert.True(named.Count > 15, string.Join(' ', named));
        await Eventually.Becomes(
            async token => named.Except(Names(ofRuntime + await MetricsAsync(http, health, token))).ToList(),
            missing => missing.Count == 0,
            waitingFor: "every metric that is named",
            cancellationToken: Cancellation);
        await AssertWellFormedAsync(ofRuntime);
        await AssertWellFormedAsync(await MetricsAsync(http, health, Cancellation));
    }

    private static ProductProcess StartRuntime(TempDirectory folder)
    {
        folder.Write("a.wat", Handler);
        var configuration = folder.Write("modules.toml", "[[module]]\nroute = \"/a\"\nmodule = \"a.wat\"\n");
        return ProductProcess.Start(
            Path.Combine(AppContext.BaseDirectory, "wagi"),
            ["serve", "-c", configuration, "-l", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--module-cache", folder.PathOf("cache")]);
    }

    private static async Task<string> MetricsAsync(HttpClient http, string address, CancellationToken cancellation)
    {
        try
        {
            return await http.GetStringAsync($"http://{address}/metrics", cancellation);
        }
        catch (HttpRequestException)
        {
            return ""; // It has not started yet.
        }
    }

    private static async Task AssertWellFormedAsync(string metrics)
    {
        if (TestTools.WhyMissing("promtool") is null)
        {
            var result = await Command.RunAsync("promtool", ["check", "metrics"], stdin: metrics, cancellationToken: Cancellation);
            Assert.True(result.ExitCode == 0, result.ToString());
        }
    }

    /// <summary>What pages, alerts and dashboard ask for.</summary>
    private static HashSet<string> Named()
    {
        var files = Path.Combine(Checkout.Root, "charts", "wagi-operator", "files");
        return
        [
            .. Page.All.SelectMany(page => page.Prose).Concat([File.ReadAllText(Path.Combine(files, "alerts.yaml")), File.ReadAllText(Path.Combine(files, "dashboard.json"))])
                .SelectMany(text => MetricName().Matches(text)).Select(match => match.Value),
        ];
    }

    private static IEnumerable<string> Names(string metrics) => Sample().Matches(metrics).Select(match => match.Groups[1].Value)
        .SelectMany(name => new[] { name, name.Replace("_bucket", "", StringComparison.Ordinal) });

    [GeneratedRegex(@"Listening on (?<url>http://[^\s,]+), admin port (?<admin>http://\S+)")]
    private static partial Regex Listening();

    [GeneratedRegex(@"\b(wagi|dotnet)_[a-z]+(_[a-z]+)+\b|\bwagi_modules\b")]
    private static partial Regex MetricName();

    [GeneratedRegex(@"^([a-z_]+)[{ ]", RegexOptions.Multiline)]
    private static partial Regex Sample();
}
