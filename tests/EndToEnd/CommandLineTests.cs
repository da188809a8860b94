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
    [InlineData(new string[] { "serve" }, "nothing is named, and there is no modules.toml in '")]
    [InlineData(new string[] { "-c", "no-such.toml" }, "no-such.toml' (-c)")]
    [InlineData(new string[] { "-c", "/dev/null", "-l", "nonsense" }, "--listen 'nonsense' is not IP:PORT")]
    [InlineData(new string[] { "-c", "/dev/null", "-e", "nonsense" }, "an environment variable is written KEY=VALUE")]
    [InlineData(new string[] { "-c", "/dev/null", "--memory-limit", "much" }, "--memory-limit: 'much' is not a size")]
    [InlineData(new string[] { "-c", "/dev/null", "--max-body", "2Gi" }, "--max-body 2Gi needs --body-disk of at least that size; it is 1Gi")]
    [InlineData(
        new string[] { "-c", "/dev/null", "--max-body", "65Mi", "--body-disk", "0" },
        "--max-body 65Mi needs --body-memory of at least that size; it is 64Mi")]
    [InlineData(new string[] { "-c", "/dev/null", "--max-instances", "20000" }, "--max-instances must be between 1 and 10000")]
    [InlineData(new string[] { "-c", "/dev/null", "--max-module-share", "0" }, "--max-module-share must be between 1 and 100")]
    public async Task WrongUse_EndsWithCode2_AndSaysWhat(string[] arguments, string message)
    {
        var result = await WagiAsync(arguments);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(message, result.Stderr, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new string[] { "serv" }, "wagi: 'serv' is not a command; did you mean 'serve'? (see 'wagi --help')\n")]
    [InlineData(new string[] { "bananas", "-c", "x" }, "wagi: 'bananas' is not a command (see 'wagi --help')\n")]
    [InlineData(new string[] { "serve", "--lissen", "x" }, "wagi: '--lissen' is not an option; did you mean '--listen'? (see 'wagi serve --help')\n")]
    [InlineData(new string[] { "push", "a.wasm" }, "wagi: Required argument 'REFERENCE' missing for command: 'push' (see 'wagi push --help')\n")]
    public async Task TypingMistake_IsOneLine_WithTheNearestName(string[] arguments, string message)
    {
        var result = await WagiAsync(arguments);
        Assert.Equal((2, message, ""), (result.ExitCode, result.Stderr, result.Stdout));
    }

    /// <summary>On a terminal, which <c>script</c> makes one, there is nothing but text: its keys are left as they are.</summary>
    [Fact]
    public async Task OnATerminal_NothingIsWrittenThatIsNoText()
    {
        Assert.SkipWhen(!File.Exists(Checkout.Wagi) || !File.Exists(Checkout.Operator), "the programs are not published: run 'make publish'");
        foreach (var command in new[] { $"{Checkout.Wagi} check --help", $"{Checkout.Operator} render --help" })
        {
            var result = await Command.RunAsync(
                "env", ["TERM=xterm", "script", "--quiet", "--return", "--command", command, "/dev/null"], cancellationToken: TestContext.Current.CancellationToken);

            Assert.Equal(0, result.ExitCode);
            Assert.StartsWith("Description:", result.Stdout, StringComparison.Ordinal);
            Assert.DoesNotContain('\u001b', result.Stdout);
        }
    }

    [Theory]
    [InlineData("push", "none.wasm", "localhost:1/a/b:v1")]
    [InlineData("run", "none.wasm")]
    [InlineData("compile", "none.wasm")]
    [InlineData("compile", "no/such/none.wasm")]
    public async Task ModuleThatIsNotThere_IsNamed(params string[] arguments)
    {
        var result = await WagiAsync(arguments);
        Assert.Equal((1, $"wagi: {arguments[1]}: no such file\n"), (result.ExitCode, result.Stderr));
    }

    [Fact]
    public async Task MissingLibrary_IsNamed_WithThePlaceWhereItBelongs()
    {
        Assert.SkipWhen(!File.Exists(Checkout.Wagi), "the programs are not published: run 'make publish'");
        var program = Path.GetDirectoryName(Checkout.Wagi)!;
        Assert.SkipWhen(!File.Exists(Path.Combine(program, "libwasmtime.so")), "the runtime is not published with its library beside it");
        File.Copy(Checkout.Wagi, _directory.PathOf("wagi"));
        var result = await Command.RunAsync(
            _directory.PathOf("wagi"), ["run", _directory.Write("a.wat", "(module)")], cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(
            (1, $"wagi: libwasmtime.so cannot be loaded: it belongs into the program's folder, {_directory.FullPath}/\n"), (result.ExitCode, result.Stderr));
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
    public async Task AddressInUse_IsOneSentence_WithTheOptionThatHelps()
    {
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        var result = await WagiAsync("-c", "/dev/null", "-l", $"{taken.LocalEndpoint}", "--admin", "127.0.0.1:0", "--module-cache", _directory.PathOf("cache"));
        Assert.Equal(1, result.ExitCode);
        Assert.Equal(
            $"wagi: Failed to bind to address http://{taken.LocalEndpoint}: address already in use (choose another with -l or --admin)\n", result.Stderr);
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

    [Fact]
    public async Task PushOfWebAssemblyText_PublishesWasm()
    {
        Assert.SkipWhen(TestTools.WhyMissing(RegistryServer.Program) is not null, TestTools.WhyMissing(RegistryServer.Program) ?? "");
        await using var registry = await RegistryServer.StartAsync(cancellationToken: TestContext.Current.CancellationToken);
        var pushed = (await WagiAsync("push", _directory.Write("empty.wat", "(module)"), $"{registry.Address}/a/text:v1")).EnsureSuccess();
        var pulled = _directory.PathOf("pulled.wasm");
        (await WagiAsync("pull", pushed.Stdout.Trim(), "-o", pulled)).EnsureSuccess();
        var wasm = await File.ReadAllBytesAsync(pulled, TestContext.Current.CancellationToken);
        Assert.Equal([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0], wasm[..8]);
    }

    [Fact]
    public async Task Run_PassesStdinThrough_AndTheExitCode()
    {
        var module = _directory.Write("echo.wat", """
            (module
              (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
              (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
              (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
              (memory (export "memory") 1)
              (func (export "_start")
                (i32.store (i32.const 0) (i32.const 64))
                (i32.store (i32.const 4) (i32.const 100))
                (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
                (i32.store (i32.const 4) (i32.load (i32.const 8)))
                (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
                (call $exit (i32.const 7))))
            """);
        Assert.SkipWhen(!File.Exists(Checkout.Wagi), "the programs are not published: run 'make publish'");
        var result = await Command.RunAsync(
            Checkout.Wagi, ["run", module], stdin: "hello", cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal((7, "hello", ""), (result.ExitCode, result.Stdout, result.Stderr));
    }

    [Fact]
    public async Task CheckRoutesCompileAndRun_WorkOnOneFolder()
    {
        var cache = _directory.PathOf("cache");
        _directory.Write("ok.wat", "(module (func (export \"_start\")))");
        var native = _directory.PathOf("ok.cwasm");
        (await WagiAsync("compile", _directory.PathOf("ok.wat"), "-o", native)).EnsureSuccess();
        (await WagiAsync("run", native)).EnsureSuccess();

        var toml = _directory.Write("modules.toml", "[[module]]\nroute = \"/a\"\nmodule = \"ok.cwasm\"\n");
        var check = (await WagiAsync("check", toml, "--module-cache", cache)).EnsureSuccess();
        Assert.Equal("1 module, no problem\n", check.Stdout);
        var routes = (await WagiAsync("routes", "-c", toml, "-o", "json", "--module-cache", cache)).EnsureSuccess();
        Assert.Contains("\"route\": \"/a\"", routes.Stdout, StringComparison.Ordinal);

        _directory.Write("modules.toml", "[[module]]\nroute = \"a\"\nmodule = \"ok.cwasm\"\n");
        check = await WagiAsync("check", toml, "--module-cache", cache);
        Assert.Equal(1, check.ExitCode);
        Assert.StartsWith($"{toml}:2:9: error: ", check.Stderr, StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();
}
