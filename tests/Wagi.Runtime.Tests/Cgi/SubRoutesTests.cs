using Wagi.Modules.Status;
using Wagi.Runtime.Cgi;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Tests.Harness;
using Wagi.TestCluster.Http;

namespace Wagi.Runtime.Tests.Cgi;

public class SubRoutesTests
{
    private static string Declaring(string routes)
    {
        var (data, code) = Wat.Print(routes);
        return $"(module {Wat.Imports} {data} (func (export \"_routes\") {code}) (func (export \"_start\")) (func (export \"hello\")))";
    }

    [Fact]
    public void Routes_AreRead_InTheirOrder()
    {
        using var guest = SharedEngine.Load(Declaring("/hello hello\r\n\n  /main/...\t_start  \n"));

        var routes = SubRoutes.Read(guest, new GuestRun());

        Assert.Equal(["/hello hello", "/main/... _start"], routes.Select(route => $"{route.Pattern} {route.Entrypoint}"));
    }

    [Fact]
    public void Module_WithoutDeclaration_HasNone()
    {
        using var guest = SharedEngine.Load(Wat.Printing("x"));

        Assert.Empty(SubRoutes.Read(guest, new GuestRun()));
    }

    [Fact]
    public async Task Declaration_MaySendHttpRequests_AsARequestMay()
    {
        await using var target = await TargetServer.StartAsync();
        var wat = $"""
            (module {OutboundGuest.Imports} {Wat.Imports}
              (data (i32.const 1024) "{target.Origin}/") (data (i32.const 2048) "GET") (data (i32.const 3072) "/hello _start")
              (func (export "_start"))
              (func (export "_routes")
                (if (i32.eqz (call $req (i32.const 1024) (i32.const {target.Origin.Length + 1}) (i32.const 2048) (i32.const 3)
                    (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 300) (i32.const 304)))
                  (then (call $write (i32.const 1) (i32.const 3072) (i32.const 13))))))
            """;

        await using var allowed = await HandlerHost.StartAsync(wat, entry: OutboundTest.Allowing([target.Origin]));
        await using var denied = await HandlerHost.StartAsync(wat);

        Assert.Single(allowed.Handler.ReadSubRoutes());
        Assert.Empty(denied.Handler.ReadSubRoutes());
    }

    [Theory]
    [InlineData("/hello", "line 1")]
    [InlineData("/hello hello\n/a b c", "line 2")]
    [InlineData("hello hello", "must start with '/'")]
    [InlineData("/hello nothing", "'nothing'")]
    public void Routes_ThatAreNotValid_AreToldWithTheirLine(string printed, string message)
    {
        using var guest = SharedEngine.Load(Declaring(printed));

        var exception = Assert.Throws<GuestLoadException>(() => SubRoutes.Read(guest, new GuestRun()));

        Assert.Equal(ModuleReason.RoutesFailed, exception.Reason);
        Assert.Contains(message, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MoreRoutesThanAModuleMayHave_AreRefused()
    {
        static string Lines(int count) => string.Join('\n', Enumerable.Range(1, count).Select(number => $"/{number} hello"));

        Assert.Equal(256, SubRoutes.Parse(Lines(256) + "\n\n").Length);
        var exception = Assert.Throws<GuestLoadException>(() => SubRoutes.Parse(Lines(257)));

        Assert.Equal(ModuleReason.RoutesFailed, exception.Reason);
        Assert.Equal("_routes(), line 257: a module has at most 256 sub-routes; use patterns that end in '/...'", exception.Message);
    }

    [Theory]
    [InlineData("unreachable", "unreachable")]
    [InlineData("(loop $l (br $l))", "within 0.2 s")]
    [InlineData("(loop $l (call $write (i32.const 1) (i32.const 0) (i32.const 65536)) (br $l))", "more than 1048576 bytes")]
    public void Declaration_ThatFails_IsTold(string body, string message)
    {
        using var guest = SharedEngine.Load($"(module {Wat.Imports} (func (export \"_routes\") {body}))");

        var exception = Assert.Throws<GuestLoadException>(
            () => SubRoutes.Read(guest, new GuestRun { Timeout = TimeSpan.FromMilliseconds(200) }));

        Assert.Equal(ModuleReason.RoutesFailed, exception.Reason);
        Assert.Contains(message, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Handler_Calls_TheEntrypointOfTheSubRoute()
    {
        var (data1, main) = Wat.Print("content-type: text/plain\n\nmain");
        var (data2, hello) = Wat.Print("content-type: text/plain\n\nhello", 6000);
        var wat = $"(module {Wat.Imports} {data1} {data2} (func (export \"_start\") {main}) (func (export \"hello\") {hello}))";
        await using var first = await HandlerHost.StartAsync(wat);
        await using var second = await HandlerHost.StartAsync(wat, entrypoint: "hello");
        await using var third = await HandlerHost.StartAsync(wat, entry: entry => entry with { Entrypoint = "hello" });

        Assert.Equal("main", await first.Client.GetStringAsync("/"));
        Assert.Equal("hello", await second.Client.GetStringAsync("/"));
        Assert.Equal("hello", await third.Client.GetStringAsync("/"));
    }
}
