using Wagi.Runtime.Tests.Harness;

namespace Wagi.Runtime.Tests.Commands;

public sealed class RoutesCommandTests : IDisposable
{
    private const string Toml = """
        [[module]]
        id = "catch-all"
        route = "/..."
        module = "hello.wat"

        [[module]]
        id = "app"
        route = "/app/..."
        module = "routes.wat"

        [[module]]
        id = "tenants"
        route = "/"
        hosts = ["*.example.com", "www.example.com"]
        module = "hello.wat"
        """;

    private readonly CommandFolder _folder = new();

    public RoutesCommandTests()
    {
        _folder.Write("hello.wat", Wat.Printing("hello"));
        var (data, code) = Wat.Print("/hidden one\n/b/... two\n/b one\n/... three\n/c two\n");
        _folder.Write("routes.wat", $"""
            (module {Wat.Imports} {data}
              (func (export "_routes") {code})
              (func (export "_start")) (func (export "one")) (func (export "two")) (func (export "three")))
            """);
    }

    [Fact]
    public async Task Table_ListsWhatWouldBeServed_MostSpecificFirst()
    {
        var outcome = await _folder.RunCachedAsync("routes", "-c", _folder.Write("modules.toml", Toml));
        Assert.Equal("", outcome.Error);
        Assert.Equal(0, outcome.Code);
        var hello = _folder.PathOf("hello.wat");
        var routes = _folder.PathOf("routes.wat");

        // In a module the last route that matches wins: '/...' hides what was declared before it.
        Assert.Equal(
            $"""
            HOST             ROUTE     ID         ENTRYPOINT  MODULE
            www.example.com  /         tenants    _start      {hello}
            *.example.com    /         tenants    _start      {hello}
            *                /app/c    app        two         {routes}
            *                /app/...  app        three       {routes}
            *                /...      catch-all  _start      {hello}

            """,
            outcome.Output);
    }

    [Fact]
    public async Task Json_HoldsTheSame()
    {
        var outcome = await _folder.RunCachedAsync("routes", "-c", _folder.Write("modules.toml", Toml), "-o", "json");
        using var json = System.Text.Json.JsonDocument.Parse(outcome.Output);
        Assert.Equal(5, json.RootElement.GetArrayLength());
        var row = json.RootElement[2];
        Assert.Equal("/app/c", row.GetProperty("route").GetString());
        Assert.Equal("app", row.GetProperty("id").GetString());
        Assert.Equal("two", row.GetProperty("entrypoint").GetString());
        Assert.Equal(System.Text.Json.JsonValueKind.Null, row.GetProperty("host").ValueKind);
    }

    [Fact]
    public async Task EntryThatFails_IsMissing_AndSaysWhy()
    {
        var file = _folder.Write("modules.toml", Toml + "\n[[module]]\nroute = \"/gone\"\nmodule = \"gone.wasm\"\n");
        var outcome = await _folder.RunCachedAsync("routes", "-c", file);
        Assert.Equal(1, outcome.Code);
        Assert.DoesNotContain("/gone", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("module '/gone': there is no file", outcome.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();
}
