using Wagi.Hosting.CommandLine;
using Wagi.Runtime.Commands;
using Wagi.Runtime.Tests.Harness;
using Wagi.TestCluster;

namespace Wagi.Runtime.Tests.Commands;

/// <summary>What a user names, and what is taken for it.</summary>
public sealed class ModulesArgumentsTests : IDisposable
{
    private const string Toml = "[[module]]\nroute = \"/a\"\nmodule = \"hello.wat\"\n";

    private readonly CommandFolder _folder = new();

    public ModulesArgumentsTests() => _folder.Write("hello.wat", Wat.Printing("hello"));

    private Task<CommandOutcome> RoutesAsync(params string[] arguments) => _folder.RunCachedAsync(["routes", "-o", "json", .. arguments]);

    private string Refusal(string name) => Assert.Throws<UsageException>(() => ModulesArguments.Find(name)).Message
        .Replace(_folder.PathOf("") + "/", "", StringComparison.Ordinal).Replace(_folder.PathOf(""), "", StringComparison.Ordinal);

    [Fact]
    public async Task ModuleFile_AnswersEverything_UnderItsName()
    {
        var outcome = await RoutesAsync(_folder.PathOf("hello.wat"));
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        Assert.Contains("\"route\": \"/...\"", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("\"id\": \"hello\"", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModulesToml_IsTakenByName_ByFolder_AndWithC()
    {
        var file = _folder.Write("modules.toml", Toml);
        var named = await RoutesAsync(file);
        Assert.Contains("\"route\": \"/a\"", named.Output, StringComparison.Ordinal);
        Assert.Equal(named, await RoutesAsync(_folder.PathOf("")));
        Assert.Equal(named, await RoutesAsync("-c", file));
        Assert.Equal(named, await RoutesAsync(_folder.Write("another-name", Toml)));
    }

    [Fact]
    public async Task FolderWithOneModule_IsThatModule()
    {
        Assert.Contains("\"route\": \"/...\"", (await RoutesAsync(_folder.PathOf(""))).Output, StringComparison.Ordinal);

        // Its text beside it is the same module.
        File.WriteAllBytes(_folder.PathOf("built.wasm"), [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
        Assert.Equal(_folder.PathOf("built.wasm"), ModulesArguments.Find(_folder.PathOf("")).Path);
    }

    [Theory]
    [InlineData("oci://ghcr.io/me/hello:v1", "oci://ghcr.io/me/hello:v1")]
    [InlineData("ghcr.io/me/hello:v1", "oci://ghcr.io/me/hello:v1")]
    [InlineData("localhost/hello", "oci://localhost/hello")]
    [InlineData("localhost:5000/hello", "oci://localhost:5000/hello")]
    [InlineData("bindle:me/hello/1.0.0", "bindle:me/hello/1.0.0")]
    public void Reference_IsTakenForOne(string name, string path) => Assert.Equal(path, ModulesArguments.Find(name).Path);

    [Fact]
    public void ModuleWithoutEnding_IsKnownByItsFirstBytes()
    {
        File.WriteAllBytes(_folder.PathOf("module"), [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
        Assert.NotNull(ModulesArguments.Find(_folder.PathOf("module")).Module);
    }

    [Fact]
    public void WhatIsNotThere_IsSaid_WithWhatMayBeMeant()
    {
        Assert.Equal("there is no file 'helo.wat'; did you mean 'hello.wat'?", Refusal(_folder.PathOf("helo.wat")));
        Assert.Equal(
            "there is no file 'me/hello:v1'; a module in a registry is named with it, as oci://ghcr.io/me/hello:v1 is", Refusal(_folder.PathOf("me/hello:v1")));
        Assert.StartsWith("module 'https://example.com/a.wasm' has an unknown scheme; known are ", Refusal("https://example.com/a.wasm"), StringComparison.Ordinal);
        Assert.StartsWith("'ghcr.io/A' is not an OCI reference: ", Refusal("oci://ghcr.io/A"), StringComparison.Ordinal);
    }

    [Fact]
    public void FolderThatCouldMeanAnything_IsRefused_AndSaysWhatToDo()
    {
        _folder.Write("other.wat", "(module)");
        Assert.Equal("folder '' has no modules.toml, and several modules: name one of hello.wat, other.wat", Refusal(_folder.PathOf("")));

        _folder.Write("mixed/a.wasm", "");
        _folder.Write("mixed/b.wasm", "");
        _folder.Write("mixed/c.wat", "");
        Assert.Equal("folder 'mixed' has no modules.toml, and several modules: name one of a.wasm, b.wasm, c.wat", Refusal(_folder.PathOf("mixed")));

        _folder.Write("empty/readme", "");
        Assert.Equal("folder 'empty' has no modules.toml and no module (.wasm, .wat, .cwasm)", Refusal(_folder.PathOf("empty")));

        _folder.Write("manifests/hello.yaml", "");
        Assert.Contains("'wagi-operator render manifests -o manifests/modules.toml'", Refusal(_folder.PathOf("manifests")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_ShowsARequest()
    {
        var help = (await CommandFolder.RunAsync("--help")).Output;
        Assert.Contains("  wagi run hello.wasm --path '/?name=value' ", help, StringComparison.Ordinal);
        Assert.DoesNotContain("PATH_INFO", help, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new[] { "routes", "a.toml", "-c", "b.toml" }, "'a.toml' and -c are alternatives")]
    [InlineData(new[] { "check" }, "nothing is named, and there is no modules.toml in '")]
    [InlineData(new[] { "check", "a.wasm", "b.wasm" }, "'b.wasm' is not expected here: check takes FILE|DIR|REFERENCE (")]
    [InlineData(new[] { "check", "--oflin" }, "'--oflin' is not an option; did you mean '--offline'? (see")]
    public async Task WrongUse_IsToldHow(string[] arguments, string message)
    {
        var outcome = await CommandFolder.RunAsync(arguments);
        Assert.Equal((2, ""), (outcome.Code, outcome.Output));
        Assert.Contains(message, outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModuleThatIsServedByName_IsLoadedAgain_WhenItsFileChanges()
    {
        await using var host = await ServerHost.ServeFileAsync("hello.wat", Wat.Printing("Content-Type: text/plain\n\none"));
        Assert.Equal("one", await host.Client.GetStringAsync("/any/path", TestContext.Current.CancellationToken));

        host.Write("hello.wat", Wat.Printing("Content-Type: text/plain\n\nanother"));
        await Eventually.Becomes(
            token => host.Client.GetStringAsync("/", token), answer => answer == "another", cancellationToken: TestContext.Current.CancellationToken);
    }

    public void Dispose() => _folder.Dispose();
}
