using System.CommandLine;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Wagi.Kubernetes.ApiServer;
using Wagi.Operator.Commands;
using Wagi.Operator.Instance;
using Wagi.Operator.Tests.Loops;
using Wagi.TestCluster;

namespace Wagi.Operator.Tests.Instance;

/// <summary>An operator one of whose loops has died or hangs: it must not live on and pretend.</summary>
public sealed class DeadLoopTests : IAsyncDisposable
{
    private readonly TempDirectory _directory = new("dead-loop");
    private readonly WebApplication _server;
    private readonly CancellationTokenSource _stop = new();
    private volatile bool _hangs;

    /// <summary>An API server that has nothing but two Secrets of one name, which no API server has: no informer expects that.</summary>
    public DeadLoopTests()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        _server = builder.Build();
        _server.Run(AnswerAsync);
    }

    [Theory]
    [InlineData("false")]
    [InlineData("true")]
    public async Task InformerThatDies_EndsTheProgram_WithItsName(string leaderElect)
    {
        var kubeconfig = await StartServerAsync();
        using var error = new StringWriter();
        var run = RootCommandFactory.Create()
            .Parse(["run", "--kubeconfig", kubeconfig, "--namespace", "wagi-system", "--health", "127.0.0.1:0", "--leader-elect", leaderElect])
            .InvokeAsync(new InvocationConfiguration { Error = error }, _stop.Token);

        Assert.Equal(1, await run.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
        Assert.Contains("the watch of secrets ended", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task LoopThatHangs_FailsTheLivenessProbe_WithItsName()
    {
        _hangs = true;
        var time = new ManualTime();
        var options = new OperatorOptions { Namespace = "wagi-system", Health = new IPEndPoint(IPAddress.Loopback, 0) };
        await using var application = OperatorApplication.Build(Kubeconfig.Load(await StartServerAsync(), null), options, time);
        await application.StartAsync(_stop.Token);
        using var http = new HttpClient { BaseAddress = new Uri(application.Urls.Single()) };
        Assert.Equal("ok\n", await http.GetStringAsync("/healthz/live", _stop.Token));

        time.Advance(TimeSpan.FromMinutes(16));

        using var answer = await http.GetAsync("/healthz/live", _stop.Token);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal("the watch of wagimodules.wagi.dev has made no progress for 960 s\n", await answer.Content.ReadAsStringAsync(_stop.Token));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _server.DisposeAsync();
        _stop.Dispose();
        _directory.Dispose();
    }

    /// <summary>Starts the API server; returns the kubeconfig that leads to it.</summary>
    private async Task<string> StartServerAsync()
    {
        await _server.StartAsync(_stop.Token);
        return _directory.Write("kubeconfig", $$"""
            apiVersion: v1
            kind: Config
            current-context: test
            clusters: [{ name: test, cluster: { server: "{{_server.Urls.Single()}}" } }]
            contexts: [{ name: test, context: { cluster: test, user: test } }]
            users: [{ name: test, user: { token: none } }]
            """);
    }

    private async Task AnswerAsync(HttpContext context)
    {
        if (_hangs)
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return;
        }

        if (context.Request.Query.ContainsKey("watch"))
        {
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return;
        }

        const string Secret = """{ "metadata": { "name": "twin", "namespace": "default", "resourceVersion": "1" } }""";
        var items = context.Request.Path.Value!.EndsWith("/secrets", StringComparison.Ordinal) ? $"{Secret}, {Secret.Replace("\"1\"", "\"2\"", StringComparison.Ordinal)}" : "";
        await context.Response.WriteAsync($$"""{ "metadata": { "resourceVersion": "1" }, "items": [{{items}}] }""", context.RequestAborted);
    }
}
