using Wagi.Runtime.Tests.Harness;

namespace Wagi.Runtime.Tests.Commands;

public sealed class ImportCommandTests : IDisposable
{
    private const string Manifest = """
        spin_manifest_version = 2
        [application]
        name = "hello"
        version = "0.1.0"
        [[trigger.http]]
        route = "/hello/..."
        component = "hello"
        executor = { type = "wagi" }
        [component.hello]
        source = "hello.wat"
        files = [{ source = "site", destination = "/" }]
        """;

    private readonly CommandFolder _folder = new();

    [Fact]
    public async Task WhatIsImported_PassesTheCheck()
    {
        _folder.Write("hello.wat", Wat.Printing("hello"));
        _folder.Write("site/index.html", "<p>hello</p>");
        var imported = await CommandFolder.RunAsync("import", _folder.Write("spin.toml", Manifest));
        Assert.Equal((0, ""), (imported.Code, imported.Error));
        var check = await _folder.RunCachedAsync("check", _folder.Write("modules.toml", imported.Output));
        Assert.Equal((0, "1 module, no problem\n", ""), (check.Code, check.Output, check.Error));
    }

    [Fact]
    public async Task ComponentThatCannotBeCarried_IsNamed_AndTheOthersAreWritten()
    {
        var file = _folder.Write("spin.toml", Manifest + "\n[[trigger.redis]]\nchannel = \"c\"\ncomponent = \"hello\"\n");
        var outcome = await CommandFolder.RunAsync("import", file);
        Assert.Equal(1, outcome.Code);
        Assert.Equal($"{file}: error: component 'hello': its trigger is 'redis', and modules answer HTTP requests only\n", outcome.Error);
        Assert.StartsWith("[[module]]\nid = \"hello\"\n", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Yaml_AsksForTheRegistry()
    {
        var file = _folder.Write("spin.toml", Manifest);
        Assert.Equal(2, (await CommandFolder.RunAsync("import", file, "--format", "yaml")).Code);
        var outcome = await CommandFolder.RunAsync("import", file, "--format", "yaml", "--registry", "ghcr.io/me/");
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        Assert.Contains("  module: \"oci://ghcr.io/me/hello:0.1.0\"\n", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FileThatIsNoManifest_IsOneLine()
    {
        var outcome = await CommandFolder.RunAsync("import", _folder.Write("spin.toml", "x = 1\n"));
        Assert.Equal(1, outcome.Code);
        Assert.EndsWith("spin.toml: 'spin_manifest_version' is missing: it is 1 or 2\n", outcome.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();
}
