using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Wagi.TestCluster;

namespace Wagi.Runtime.Tests.Cluster;

/// <summary>An API server that knows a few answers by heart, for what no real one does without a kubelet. Others are 404.</summary>
internal sealed class FakeApiServer : IAsyncDisposable
{
    private readonly Dictionary<string, Func<HttpContext, Task>> _answers = new(StringComparer.Ordinal);
    private readonly TempDirectory _directory = new("fake-api-server");
    private readonly WebApplication _server;

    private FakeApiServer()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _server = builder.Build();
        _server.Run(context => _answers.TryGetValue(context.Request.Path, out var answer) ? answer(context) : RefuseAsync(context, 404, "NotFound", "there is none"));
    }

    /// <summary>A kubeconfig file that leads to it.</summary>
    public string KubeconfigPath => _directory.PathOf("kubeconfig");

    public static async Task<FakeApiServer> StartAsync()
    {
        var fake = new FakeApiServer();
        await fake._server.StartAsync(TestContext.Current.CancellationToken);
        fake._directory.Write("kubeconfig", $$"""
            {"apiVersion":"v1","kind":"Config","current-context":"fake",
             "contexts":[{"name":"fake","context":{"cluster":"fake","user":"fake","namespace":"shop"} }],
             "clusters":[{"name":"fake","cluster":{"server":"{{fake._server.Urls.Single()}}"} }],
             "users":[{"name":"fake","user":{"token":"secret"} }]}
            """);
        return fake;
    }

    /// <summary>Answers a path with the list of these objects.</summary>
    public void List(string path, params string[] items) =>
        Answer(path, context => context.Response.WriteAsync($$"""{"metadata":{"resourceVersion":"1"},"items":[{{string.Join(',', items)}}]}"""));

    public void Answer(string path, Func<HttpContext, Task> answer) => _answers[path] = answer;

    public void Forbid(string path) => Answer(path, context => RefuseAsync(context, 403, "Forbidden", "not you"));

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _directory.Dispose();
    }

    private static Task RefuseAsync(HttpContext context, int status, string reason, string message)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsync($$"""{"kind":"Status","reason":"{{reason}}","message":"{{message}}"}""");
    }
}
