using Wagi.TestCluster;
using Wagi.TestCluster.Processes;
using Wagi.TestCluster.Product;
using Wagi.TestCluster.Registry;

namespace Wagi.EndToEnd;

/// <summary>What <c>wagi</c> says on a terminal.</summary>
public sealed class CommandLineTests : IDisposable
{
    private readonly TempDirectory _directory = new("command-line");

    private static Task<CommandResult> WagiAsync(params string[] arguments)
    {
        Assert.SkipWhen(!File.Exists(Checkout.Wagi), "the programs are not published: run 'make publish'");
        return Command.RunAsync(Checkout.Wagi, arguments, cancellationToken: TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData(new string[] { "serve" }, "no configuration: name a modules.toml with -c FILE")]
    [InlineData(new string[] { "-c", "no-such.toml" }, "no-such.toml' (-c)")]
    [InlineData(new string[] { "-c", "/dev/null", "-l", "nonsense" }, "--listen 'nonsense' is not IP:PORT")]
    [InlineData(new string[] { "-c", "/dev/null", "-e", "nonsense" }, "an environment variable is written KEY=VALUE")]
    [InlineData(new string[] { "-c", "/dev/null", "--memory-limit", "much" }, "--memory-limit: 'much' is not a size")]
    public async Task WrongUse_EndsWithCode2_AndSaysWhat(string[] arguments, string message)
    {
        var result = await WagiAsync(arguments);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(message, result.Stderr, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnusableCacheFolder_IsNamed()
    {
        var file = _directory.Write("file", "");
        var result = await WagiAsync("-c", "/dev/null", "-l", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--module-cache", file);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains($"cache directory '{file}' cannot be written to", result.Stderr, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PushAndPull_GiveTheSameBytes()
    {
        Assert.SkipWhen(TestTools.WhyMissing(RegistryServer.Program) is not null, TestTools.WhyMissing(RegistryServer.Program) ?? "");
        await using var registry = await RegistryServer.StartAsync(cancellationToken: TestContext.Current.CancellationToken);
        var file = _directory.PathOf("module.wasm");
        byte[] wasm = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
        await File.WriteAllBytesAsync(file, wasm, TestContext.Current.CancellationToken);

        var pushed = (await WagiAsync("push", file, $"{registry.Address}/a/b:v1")).EnsureSuccess();
        Assert.Matches($@"^oci://{registry.Address}/a/b:v1@sha256:[0-9a-f]{{64}}\n$", pushed.Stdout);
        var pulled = _directory.PathOf("pulled.wasm");
        (await WagiAsync("pull", pushed.Stdout.Trim(), "-o", pulled)).EnsureSuccess();
        Assert.Equal(wasm, await File.ReadAllBytesAsync(pulled, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task PushOfWhatIsNotWasm_FailsWithCode1()
    {
        var result = await WagiAsync("push", _directory.Write("page.html", "<html>"), "127.0.0.1:1/a:v1");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("is not a Wasm binary", result.Stderr, StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();
}
