using Wagi.Runtime.Tests.Harness;

namespace Wagi.Runtime.Tests.Commands;

/// <summary><c>wagi deploy</c> without a cluster.</summary>
public sealed class DeployCommandTests : IDisposable
{
    private readonly CommandFolder _folder = new();

    [Fact]
    public async Task DryRun_PrintsTheManifest_AndRefusesWhatIsNoModule()
    {
        var module = _folder.Write("hello.wat", Wat.Printing("hello"));
        var outcome = await CommandFolder.RunAsync("deploy", module, "localhost:5000/hello:v1", "--route", "/hello", "--dry-run");
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        Assert.Contains("  module: oci://localhost:5000/hello:v1\n", outcome.Output, StringComparison.Ordinal);

        var text = _folder.Write("hello.txt", "hello");
        var refused = await CommandFolder.RunAsync("deploy", text, "localhost:5000/hello:v1", "--route", "/hello", "--dry-run");
        Assert.Equal((1, ""), (refused.Code, refused.Output));
        Assert.Contains($"{text} is not a Wasm binary: it does not begin with \\0asm", refused.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();
}
