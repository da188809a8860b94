using System.Text;
using Microsoft.AspNetCore.Http;
using Wagi.Modules.Routes;
using Wagi.Runtime.Cgi;
using Wagi.Runtime.Loading;
using Wagi.Runtime.Serving;
using Wagi.Runtime.Tests.Loading;

namespace Wagi.Runtime.Tests.Serving;

/// <summary>From a request's host and path to the module that answers.</summary>
public sealed class RequestDispatcherTests : IDisposable
{
    private readonly RequestMetrics _metrics = new();
    private readonly FakeHandler _handler;
    private readonly ServedModule _module;
    private readonly RouteTable<RouteTarget> _routes;

    public RequestDispatcherTests()
    {
        (_module, _handler) = FakeLoader.Module(FakeLoader.Entry("hello", "/hello/...", "example.com"), "/sub");
        _routes = RoutePlan.Make([_module], coming: [], leaving: []).Table;
    }

    public void Dispose() => _metrics.Dispose();

    private async Task<(int Status, string Text)> GetAsync(string host, string path, RequestDispatcher? dispatcher = null)
    {
        using var body = new MemoryStream();
        var context = new DefaultHttpContext { TraceIdentifier = "id-1" };
        context.Request.Method = HttpMethods.Get;
        context.Request.Host = new HostString(host);
        context.Request.Path = path;
        context.Response.Body = body;
        await (dispatcher ?? new RequestDispatcher(() => _routes, _metrics)).InvokeAsync(context);
        await context.Response.CompleteAsync();
        return (context.Response.StatusCode, Encoding.UTF8.GetString(body.ToArray()));
    }

    [Theory]
    [InlineData("example.com", "/hello", "/hello/... by _start")]
    [InlineData("example.com", "/hello/sub", "/hello/sub by /sub")]
    [InlineData("EXAMPLE.com:8080", "/hello/a/b", "/hello/... by _start")]
    [InlineData("example.com.", "/hello", "/hello/... by _start")]
    [InlineData("example.com.:8080", "/hello", "/hello/... by _start")]
    public async Task Request_IsLedToTheModuleOfItsHostAndPath(string host, string path, string expected)
    {
        Assert.Equal((200, expected), await GetAsync(host, path));
    }

    [Theory]
    [InlineData("example.org", "/hello")]
    [InlineData("example.com", "/other")]
    [InlineData("example.com..", "/hello")]
    public async Task RequestThatNoModuleAnswers_Gets404WithItsId(string host, string path)
    {
        Assert.Equal((404, "404 no module has this route (request id-1)\n"), await GetAsync(host, path));
    }

    [Theory]
    [InlineData("/exact/", "no module has this route; one has /exact")]
    [InlineData("/slash", "no module has this route; one has /slash/")]
    [InlineData("//exact", "no module has this route; one has /exact")]
    [InlineData("/exact//", "no module has this route; one has /exact")]
    [InlineData("/other/", "no module has this route")]
    [InlineData("/", "no module has this route")]
    public async Task PathWithASlashTooManyOrTooFew_IsAHint_InLocalUse(string path, string text)
    {
        var routes = RoutePlan.Make(
            [FakeLoader.Module(FakeLoader.Entry("exact", "/exact")).Item1, FakeLoader.Module(FakeLoader.Entry("slash", "/slash/")).Item1], coming: [], leaving: []).Table;

        Assert.Equal((404, $"404 {text} (request id-1)\n"), await GetAsync("a", path, new RequestDispatcher(() => routes, _metrics, isLocal: true)));
        Assert.Equal((404, "404 no module has this route (request id-1)\n"), await GetAsync("a", path, new RequestDispatcher(() => routes, _metrics)));
    }

    [Fact]
    public async Task ServerThatMayNotKnowARoute_DoesNotCallItMissing()
    {
        var isReady = false;
        var dispatcher = new RequestDispatcher(() => _routes, _metrics, isReady: () => isReady);
        const string Starting = "503 the server is starting, and has not loaded this route, if there is one (request id-1)\n";
        const string Stopping = "503 the server is stopping, and may not know this route (request id-1)\n";

        Assert.Equal((503, Starting), await GetAsync("example.com", "/other", dispatcher));
        Assert.Equal((200, "/hello/... by _start"), await GetAsync("example.com", "/hello", dispatcher));

        isReady = true;
        Assert.Equal((404, "404 no module has this route (request id-1)\n"), await GetAsync("example.com", "/other", dispatcher));

        dispatcher.Drain();
        Assert.Equal((503, Stopping), await GetAsync("example.com", "/other", dispatcher));
        Assert.Equal((200, "/hello/... by _start"), await GetAsync("example.com", "/hello", dispatcher));
    }

    [Fact]
    public async Task Healthz_IsAnsweredUnlessAModuleHasIt() => Assert.Equal((200, "OK\n"), await GetAsync("example.com", "/healthz"));

    [Fact]
    public async Task ModuleReleasedInThisMoment_LeadsToTheTableAfterIt()
    {
        _module.Release();
        var (next, _) = FakeLoader.Module(_module.Entry);
        var later = RoutePlan.Make([next], coming: [], leaving: []).Table;
        var reads = 0;
        var dispatcher = new RequestDispatcher(() => reads++ == 0 ? _routes : later, _metrics);

        Assert.Equal((200, "/hello/... by _start"), await GetAsync("example.com", "/hello/sub", dispatcher));
    }

    [Fact]
    public async Task ReleasedModuleThatTheTableStillNames_IsRefusedInsteadOfSoughtForever()
    {
        _module.Release();

        Assert.Equal((503, "503 the module is being replaced (request id-1)\n"), await GetAsync("example.com", "/hello"));
    }

    [Fact]
    public async Task RequestInFlight_KeepsItsModule()
    {
        Assert.True(_module.TryEnter());
        _module.Release();
        Assert.Equal(0, _handler.Disposals);

        Assert.Equal((200, "/hello/... by _start"), await GetAsync("example.com", "/hello"));
        Assert.Equal(0, _handler.Disposals);
        _module.Exit();

        Assert.Equal(1, _handler.Disposals);
        Assert.False(_module.TryEnter());
    }
}
