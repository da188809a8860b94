using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Wagi.Modules.Status;
using Wagi.TestCluster;
using Wagi.TestCluster.Product;

namespace Wagi.EndToEnd;

/// <summary>Files and flags as WAGI's documentation writes them (docs/configuring_and_running.md of deislabs/wagi, version 0.8).</summary>
public sealed class WagiFilesTests : IDisposable
{
    private readonly TempDirectory _directory = new("wagi-files");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>WAGI's own hello.wat, with entrypoints beside <c>_start</c>.</summary>
    private const string Hello = """
        (module
          (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
          (memory 1)
          (export "memory" (memory 0))
          (data (i32.const 8) "content-type:text/plain\n\nhello world\n")
          (data (i32.const 64) "content-type:text/plain\n\ngoodbye\n")
          (func $print (param $at i32) (param $length i32)
            (i32.store (i32.const 0) (local.get $at))
            (i32.store (i32.const 4) (local.get $length))
            (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 20))))
          (func $main (export "_start") (call $print (i32.const 8) (i32.const 37)))
          (func (export "goodbye") (call $print (i32.const 64) (i32.const 33))))
        """;

    /// <summary>Prints its whole environment, a NUL after each variable.</summary>
    private const string Environment = """
        (module
          (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "environ_get" (func $environ_get (param i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ_sizes_get (param i32 i32) (result i32)))
          (memory (export "memory") 2)
          (data (i32.const 32) "content-type:text/plain\n\n")
          (func $print (param $at i32) (param $length i32)
            (i32.store (i32.const 0) (local.get $at))
            (i32.store (i32.const 4) (local.get $length))
            (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 20))))
          (func (export "_start")
            (call $print (i32.const 32) (i32.const 25))
            (drop (call $environ_sizes_get (i32.const 8) (i32.const 12)))
            (drop (call $environ_get (i32.const 1024) (i32.const 8192)))
            (call $print (i32.const 8192) (i32.load (i32.const 12)))))
        """;

    private static Task<RuntimeProcess> StartAsync(params IEnumerable<string> arguments)
    {
        Assert.SkipWhen(!File.Exists(Checkout.Wagi), "the programs are not published: run 'make publish'");
        return RuntimeProcess.StartAsync(arguments, Cancellation);
    }

    [Fact]
    public async Task FileOfWagi_IsServed_AndABadEntryLeavesTheOthersAlone()
    {
        Directory.CreateDirectory(_directory.PathOf("modules"));
        Directory.CreateDirectory(_directory.PathOf("host"));
        _directory.Write("modules/hello.wat", Hello);
        _directory.Write("modules/hello world.wat", Hello);
        var configuration = _directory.Write("modules.toml", $$$"""
            # A comment, and the keys in any order.
            [[module]]
            # Example executing a Web Assembly Text file
            route = "/"
            module = "modules/hello.wat" # relative

            [[module]]
            route = "/absolute/..."
            module = "{{{_directory.PathOf("modules/hello.wat")}}}"

            [[module]]
            route = "/url"
            module = "file://{{{_directory.PathOf("modules")}}}/hello%20world.wat"

            [[module]]
            route = '/current'
            module = '{{{Path.GetRelativePath(System.Environment.CurrentDirectory, _directory.PathOf("modules/hello.wat"))}}}'

            [[module]]
            route = "/entrypoint/goodbye"
            module = "./modules/hello.wat"
            entrypoint = "goodbye"  # Executes the `goodbye()` function
            argv = "${SCRIPT_NAME} ${ARGS}"
            allowed_hosts = ["https://api.example.com", "http://localhost:8080"]
            http_max_concurrency = 4
            bindle_server = "http://localhost:8080/v1"

            [[module]]
            route = "/volumes"
            module = "modules/hello.wat"
            volumes = {"/path/inside/wasm" = "{{{_directory.PathOf("host")}}}"}

            [[module]]
            route = "/missing"
            module = "/path/to/foo.wasm"

            [[module]]
            route = "wrong"
            module = "modules/hello.wat"

            [[module]]
            route = "/reserved"
            repository = "reserved for future use"
            module = "modules/hello.wat"
            environment.TEST_NAME = "test value"
            """);
        await using var runtime = await StartAsync("serve", "-c", configuration, "--module-cache", _directory.PathOf("cache"));
        foreach (var path in (string[])["/", "/absolute", "/absolute/a/b", "/url", "/current", "/volumes", "/reserved"])
        {
            Assert.Equal("hello world\n", await runtime.AnswerAsync(path, HttpStatusCode.OK, Cancellation));
        }

        Assert.Equal("goodbye\n", await runtime.AnswerAsync("/entrypoint/goodbye", HttpStatusCode.OK, Cancellation));
        await runtime.ModuleAsync("/missing", module => module.Reason == ModuleReason.NotFound, Cancellation);
        var problems = (await runtime.StatusAsync(Cancellation)).Configuration.Problems;
        Assert.Equal(2, problems.Length);
        Assert.Contains(problems, problem => problem.Contains("must start with '/'", StringComparison.Ordinal));
        Assert.Contains(problems, problem => problem.Contains("warning: unknown key 'repository' is ignored", StringComparison.Ordinal));
    }

    [Fact]
    public async Task FlagsOfWagi_AreAllTaken_WithoutACommand()
    {
        _directory.Write("env.wat", Environment);
        var configuration = _directory.Write("modules.toml", "[[module]]\nroute = \"/env\"\nmodule = \"env.wat\"\n");
        var environment = _directory.Write("env.txt", "TEST_NAME = \"test value\"\nANOTHER_NAME = \"another value\"\n# a comment\n");
        var cacheToml = _directory.Write("cache.toml", "[cache]\nenabled = true\n");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=wagi.example.com", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1));
        var certificateFile = _directory.Write("tls.crt", certificate.ExportCertificatePem());
        var keyFile = _directory.Write("tls.key", key.ExportPkcs8PrivateKeyPem());

        await using var runtime = await StartAsync(
            "--config", configuration, "--cache", cacheToml, "--module-cache", _directory.PathOf("cache"), "--log-dir", _directory.PathOf("logs"),
            "--default-host", "wagi.example.com:8443", "--env-file", environment, "-e", "FIRST=1", "SECOND='2 2'", "--env", "ANOTHER_NAME=wins",
            "--tls-cert", certificateFile, "--tls-key", keyFile);
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, presented, _, _) => presented!.GetCertHashString() == certificate.GetCertHashString();
        using var client = new HttpClient(handler) { BaseAddress = runtime.Client.BaseAddress };
        var variables = (await Eventually.Becomes(
            token => client.GetStringAsync("/env", token), body => body.Contains("GATEWAY_INTERFACE", StringComparison.Ordinal), cancellationToken: Cancellation)).Split('\0');
        Assert.Equal("https", client.BaseAddress!.Scheme);
        Assert.Contains("TEST_NAME=test value", variables);
        Assert.Contains("ANOTHER_NAME=wins", variables);
        Assert.Contains("FIRST=1", variables);
        Assert.Contains("SECOND=2 2", variables);
    }

    public void Dispose() => _directory.Dispose();
}
