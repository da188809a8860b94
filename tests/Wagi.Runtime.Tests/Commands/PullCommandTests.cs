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

    public void Dispose() => _folder.Dispose();
}
