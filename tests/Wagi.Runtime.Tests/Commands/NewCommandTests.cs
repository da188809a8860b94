using Wagi.TestCluster;
using Wagi.TestCluster.Processes;
using Wagi.TestCluster.Product;

namespace Wagi.Runtime.Tests.Commands;

public sealed class NewCommandTests : IDisposable
{
    private readonly CommandFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("c")]
    [InlineData("rust")]
    [InlineData("go")]
    [InlineData("assemblyscript")]
    [InlineData("javascript")]
    [InlineData("zig")]
    [InlineData("wat", "Hello from WebAssembly itself\n")]
    public async Task Project_IsBuilt_AndAnswers(string language, string answer = "Hello from my-hello: /path\n")
    {
        var project = _folder.PathOf("my-hello");
        var created = await CommandFolder.RunAsync("new", language, project);
        Assert.Equal(0, created.Code);
        Assert.Contains($"{project}: a handler in ", created.Output, StringComparison.Ordinal);

        if (language != "wat")
        {
            var toolchain = await Toolchain.FindAsync(language, Cancellation);
            Assert.SkipWhen(toolchain.WhyMissing is not null, toolchain.WhyMissing ?? "");
            toolchain.Furnish(project);
            var built = await Command.RunAsync("make", ["-C", project, "build"], toolchain.Environment, cancellationToken: Cancellation);
            Assert.True(built.ExitCode == 0, built.Stdout + built.Stderr);
        }

        Assert.Equal((0, "1 module, no problem\n"), ((await _folder.RunCachedAsync("check", project)) is var check ? check.Code : 0, check.Output));
        using var output = new MemoryStream();
        var run = await CommandFolder.RunAsync(
            new Runtime.Commands.StandardStreams(Stream.Null, output, Stream.Null),
            ["run", project, "--path", "/my-hello/path?query=1", "--module-cache", _folder.Cache]);
        Assert.Equal(new CommandOutcome(0, "", ""), run);
        Assert.Equal(answer, System.Text.Encoding.UTF8.GetString(output.ToArray()));
    }

    [Fact]
    public async Task Manifest_NamesTheModule()
    {
        await CommandFolder.RunAsync("new", "wat", _folder.PathOf("a"));
        Assert.Contains("  module: oci://localhost:5000/a:v1\n", File.ReadAllText(_folder.PathOf("a/a.yaml")), StringComparison.Ordinal);
        Assert.All(Directory.EnumerateFiles(_folder.PathOf("a")), file => Assert.DoesNotContain("{{", File.ReadAllText(file), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("wat", false)]
    [InlineData("zig", true)]
    public async Task Readme_SpeaksOfCompiling_WhereThereIsSomethingToCompile(string language, bool compiles)
    {
        var created = await CommandFolder.RunAsync("new", language, _folder.PathOf("a"));
        var readme = File.ReadAllText(_folder.PathOf("a/README.md"));
        Assert.Equal(compiles, readme.Contains("| `make` | compiles it to `a.wasm` |\n", StringComparison.Ordinal));
        Assert.Contains(
            compiles ? "cluster, after `make` (what `wagi dev` leaves behind is for debugging):\n`wagi deploy a.wasm " : "cluster:\n`wagi deploy main.wat REGISTRY/a:v1 --route /a/...`",
            readme, StringComparison.Ordinal);
        Assert.Equal(compiles, readme.Contains("build", StringComparison.Ordinal));
        Assert.Equal(compiles, readme.Contains("compile", StringComparison.Ordinal));
        Assert.Equal(compiles, created.Output.Contains("\n  make          compile it\n  make test", StringComparison.Ordinal));
        Assert.Equal(compiles, created.Output.Contains("build it", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("there is no template for 'rusty'; did you mean 'rust'? (there is one for c, rust, go, assemblyscript, javascript, zig, wat)", "rusty", "a")]
    [InlineData("'My_Module' cannot be a module's name: ", "c", "My_Module")]
    public async Task WhatCannotBe_IsSaid(string message, string language, string name)
    {
        var outcome = await CommandFolder.RunAsync("new", language, name);
        Assert.Equal((2, ""), (outcome.Code, outcome.Output));
        Assert.Contains(message, outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FolderWithSomethingInIt_IsLeftAlone()
    {
        _folder.Write("full/main.c", "mine");
        var outcome = await CommandFolder.RunAsync("new", "c", _folder.PathOf("full"));
        Assert.Equal(2, outcome.Code);
        Assert.Contains("full' is there already, and not an empty folder", outcome.Error, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(_folder.PathOf("full/main.c")));
    }

    public void Dispose() => _folder.Dispose();
}
