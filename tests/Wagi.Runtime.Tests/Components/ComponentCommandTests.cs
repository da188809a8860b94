using System.Text;
using Wagi.Runtime.Commands;
using Wagi.Runtime.Tests.Commands;

namespace Wagi.Runtime.Tests.Components;

/// <summary>Components on the command line, and from the cache.</summary>
public sealed class ComponentCommandTests : IDisposable
{
    private readonly CommandFolder _folder = new();

    private string WriteConfiguration(string more = "") =>
        _folder.Write("modules.toml", $"[[module]]\nroute = \"/a\"\nmodule = \"echo.wat\"\n{more}\n");

    [Fact]
    public async Task Component_IsCompiled_AndRun()
    {
        var native = _folder.PathOf("echo.cwasm");
        var compiled = await CommandFolder.RunAsync("compile", _folder.Write("echo.wat", ComponentText.Echo), "-o", native);
        Assert.Equal(0, compiled.Code);

        using var input = new MemoryStream("from stdin"u8.ToArray());
        using var output = new MemoryStream();
        var outcome = await CommandFolder.RunAsync(new StandardStreams(input, output, Stream.Null), ["run", native]);

        Assert.Equal(new CommandOutcome(0, "", ""), outcome);
        Assert.Equal("content-type: application/octet-stream\n\nfrom stdin", Encoding.UTF8.GetString(output.ToArray()));
    }

    [Theory]
    [InlineData("(i32.const 0)", 0)]
    [InlineData("(i32.const 1)", 1)]
    [InlineData("(call $exit (i32.const 1)) (i32.const 0)", 1)]
    [InlineData("unreachable", 134)]
    [InlineData("(call $sleep (i64.const 60000)) (i32.const 0)", 124)]
    public async Task Run_EndsWithItsExitCode(string body, int code)
    {
        var outcome = await CommandFolder.RunAsync("run", _folder.Write("module.wat", ComponentText.Command(body)), "--timeout", "1s");

        Assert.Equal(code, outcome.Code);
    }

    [Fact]
    public async Task Component_IsChecked_AndItsRouteListed_FromTheCacheToo()
    {
        _folder.Write("echo.wat", ComponentText.Echo);
        var configuration = WriteConfiguration();

        for (var i = 0; i < 2; i++)
        {
            Assert.Equal(new CommandOutcome(0, "1 module, no problem\n", ""), await _folder.RunCachedAsync("check", configuration));
        }

        var routes = await _folder.RunCachedAsync("routes", "-c", configuration);
        Assert.Equal(0, routes.Code);
        Assert.Contains("/a", routes.Output, StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(_folder.Cache, "*.cwasm", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Volumes_AreRefused_WhereThereIsNoSingleModule_WithTheReason()
    {
        _folder.Write("echo.wat", ComponentText.Echo.Replace("(component\n", "(component\n(type $own (resource (rep i32)))(core func $new (canon resource.new $own))\n", StringComparison.Ordinal));
        Directory.CreateDirectory(_folder.PathOf("data"));

        var outcome = await _folder.RunCachedAsync("check", WriteConfiguration("volumes = { \"/data\" = \"data\" }"));

        Assert.Equal(1, outcome.Code);
        Assert.Contains(
            "a component with volumes has to be one that becomes a single module; this one is run by Wasmtime's interface for components, which is slower: it has resources of its own",
            outcome.Error + outcome.Output, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();
}
