using System.CommandLine;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Wagi.Operator.Commands;
using Wagi.TestCluster;

namespace Wagi.Operator.Tests.Instance;

/// <summary>An operator one of whose loops has died: it must not live on and pretend.</summary>
public sealed class DeadLoopTests : IAsyncDisposable
{
    private readonly TempDirectory _directory = new("dead-loop");
    private readonly WebApplication _server;
    private readonly CancellationTokenSource _stop = new();

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
        await _server.StartAsync(_stop.Token);
        var kubeconfig = _directory.PathOf("kubeconfig");
        await File.WriteAllTextAsync(
            kubeconfig,
            $$"""
            apiVersion: v1
            kind: Config
            current-context: test
            clusters: [{ name: test, cluster: { server: "{{_server.Urls.Single()}}" } }]
            contexts: [{ name: test, context: { cluster: test, user: test } }]
            users: [{ name: test, user: { token: none } }]
            """,
            _stop.Token);
        using var error = new StringWriter();
        var run = RootCommandFactory.Create()
            .Parse(["run", "--kubeconfig", kubeconfig, "--namespace", "wagi-system", "--health", "127.0.0.1:0", "--leader-elect", leaderElect])
            .InvokeAsync(new InvocationConfiguration { Error = error }, _stop.Token);

        Assert.Equal(1, await run.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
        Assert.Contains("the watch of secrets ended", error.ToString(), StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _server.DisposeAsync();
        _stop.Dispose();
        _directory.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
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
