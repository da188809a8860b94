using Wagi.Oci.Remote;
using Wagi.Runtime.Tests.Harness;
using Wagi.TestCluster;
using Wagi.TestCluster.Registry;

namespace Wagi.Runtime.Tests.Commands;

/// <summary>Against a real registry.</summary>
public sealed class PullCommandTests : IDisposable
{
    private readonly CommandFolder _folder = new();

    public PullCommandTests() =>
        Assert.SkipWhen(TestTools.WhyMissing(RegistryServer.Program) is not null, TestTools.WhyMissing(RegistryServer.Program) ?? "");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WhatWasPulled_IsDescribed()
    {
        await using var registry = await RegistryServer.StartAsync(cancellationToken: Cancellation);
        var pushed = await CommandFolder.RunAsync("push", _folder.Write("hello.wat", Wat.Printing("hello")), $"{registry.Address}/me/hello:v1");
        Assert.Equal("", pushed.Error);

        var pulled = await CommandFolder.RunAsync("pull", $"{registry.Address}/me/hello:v1", "-o", _folder.PathOf("hello.wasm"));
        Assert.Equal((0, ""), (pulled.Code, pulled.Error));
        Assert.EndsWith($"from {pushed.Output}  module; exports: _start; imports: wasi_snapshot_preview1\n", pulled.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_ArePulledIntoANewFolder()
    {
        await using var registry = await RegistryServer.StartAsync(cancellationToken: Cancellation);
        _folder.Write("site/a/index.html", "<p>hello</p>");
        var pushed = await CommandFolder.RunAsync("push", "--files", _folder.PathOf("site"), $"{registry.Address}/me/site:v1");

        var target = _folder.PathOf("copy");
        var pulled = await CommandFolder.RunAsync("pull", $"{registry.Address}/me/site:v1", "-o", target);
        Assert.Equal((0, "", $"{target}: 1 file, 12 bytes, from {pushed.Output}"), (pulled.Code, pulled.Error, pulled.Output));
        Assert.Equal("<p>hello</p>", await File.ReadAllTextAsync(Path.Combine(target, "a/index.html"), Cancellation));

        var again = await CommandFolder.RunAsync("pull", $"{registry.Address}/me/site:v1", "-o", target);
        Assert.Equal(1, again.Code);
        Assert.Contains("is there already; name one with -o", again.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SpinApplication_IsDescribed_AndNothingIsWritten()
    {
        await using var registry = await RegistryServer.StartAsync(cancellationToken: Cancellation);
        using var client = new RegistryClient();
        var shop = new SpinArtifact();
        shop.AddFiles(shop.Add("front", "/...", Wat.Printing("x")), archive: false, ("x", "s"u8.ToArray()));
        shop.Add("user", "/users/:id", Wat.Printing("y"));
        var reference = await shop.PushAsync(client, $"{registry.Address}/me/shop:v1");

        var pulled = await CommandFolder.RunAsync("pull", $"{registry.Address}/me/shop:v1", "-o", _folder.PathOf("shop.wasm"));
        Assert.Equal(1, pulled.Code);
        Assert.Equal($"a Spin application: 2 components, from oci://{reference}\n  /...: front, 1 file\n", pulled.Output);
        Assert.Contains("component 'user': route '/users/:id' has the segment ':id'", pulled.Error, StringComparison.Ordinal);
        Assert.Contains("nothing was written", pulled.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.PathOf("shop.wasm")));
    }

    public void Dispose() => _folder.Dispose();
}
