using System.Net;
using Wagi.Modules.Status;
using Wagi.TestCluster;
using Wagi.TestCluster.Bindle;
using Wagi.TestCluster.Processes;
using Wagi.TestCluster.Product;

namespace Wagi.EndToEnd;

/// <summary><c>wagi serve -b</c>: whole bindles, from a server that implements the published protocol and from standalone folders.</summary>
public sealed class BindleTests : IDisposable
{
    private readonly TempDirectory _directory = new("bindle");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Cache => _directory.PathOf("cache");

    /// <summary>Prints a text.</summary>
    private static string Printing(string text) => $$"""
        (module
          (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
          (memory (export "memory") 1)
          (data (i32.const 0) "\10\00\00\00\{{26 + text.Length:x2}}\00\00\00")
          (data (i32.const 16) "Content-Type: text/plain\0a\0a{{text}}")
          (func (export "_start") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
          (func (export "other") (call 1)))
        """;

    /// <summary>Prints the file of this name, or the number of the error that opening it gave.</summary>
    private static string Showing(string file, int rights = 2) => $$"""
        (module
          (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
          (memory (export "memory") 1)
          (data (i32.const 16) "Content-Type: text/plain\0a\0a")
          (data (i32.const 64) "{{file}}")
          (func $print (param $at i32) (param $length i32)
            (i32.store (i32.const 0) (local.get $at))
            (i32.store (i32.const 4) (local.get $length))
            (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
          (func (export "_start") (local $error i32)
            (call $print (i32.const 16) (i32.const 26))
            (local.set $error (call $open (i32.const 3) (i32.const 0) (i32.const 64) (i32.const {{file.Length}}) (i32.const 0)
              (i64.const {{rights}}) (i64.const 0) (i32.const 0) (i32.const 12)))
            (if (local.get $error) (then
              (i32.store8 (i32.const 200) (i32.const 101))
              (i32.store8 (i32.const 201) (i32.add (i32.const 48) (i32.div_u (local.get $error) (i32.const 10))))
              (i32.store8 (i32.const 202) (i32.add (i32.const 48) (i32.rem_u (local.get $error) (i32.const 10))))
              (call $print (i32.const 200) (i32.const 3))
              (return)))
            (i32.store (i32.const 0) (i32.const 1024))
            (i32.store (i32.const 4) (i32.const 4096))
            (drop (call $read (i32.load (i32.const 12)) (i32.const 0) (i32.const 1) (i32.const 8)))
            (call $print (i32.const 1024) (i32.load (i32.const 8)))))
        """;

    /// <summary>Two modules, one with files and one that may not have them.</summary>
    private static TestBindle App() => new TestBindle("example.com/app", "1.3.3")
        .AddGroups("files")
        .AddModule("hello.wat", Printing("hello"), "route = \"/\"")
        .AddModule("hello.wat", Printing("hello"), "route = \"/again/...\"\nentrypoint = \"other\"")
        .AddModule("static.wat", Showing("pages/a.txt"), "route = \"/static/...\"", "files")
        .AddModule("write.wat", Showing("pages/a.txt", rights: 64), "route = \"/write\"", "files")
        .AddModule("nothing.wat", Showing("pages/a.txt"), "route = \"/nothing\"")
        .AddFile("pages/a.txt", "what is in the file", "files");

    private Task<RuntimeProcess> StartAsync(string bindle, params IEnumerable<string> more)
    {
        Assert.SkipWhen(!File.Exists(Checkout.Wagi), "the programs are not published: run 'make publish'");
        return RuntimeProcess.StartAsync(["serve", "-b", bindle, "--module-cache", Cache, .. more], Cancellation);
    }

    private Task<CommandResult> FailsAsync(params IEnumerable<string> arguments)
    {
        Assert.SkipWhen(!File.Exists(Checkout.Wagi), "the programs are not published: run 'make publish'");
        return Command.RunAsync(
            Checkout.Wagi, ["serve", "-l", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--module-cache", Cache, .. arguments], cancellationToken: Cancellation);
    }

    private static async Task AssertServedAsync(RuntimeProcess runtime)
    {
        Assert.Equal("hello", await runtime.AnswerAsync("/", HttpStatusCode.OK, Cancellation));
        Assert.Equal("hello", await runtime.AnswerAsync("/again/and/again", HttpStatusCode.OK, Cancellation));
        Assert.Equal("what is in the file", await runtime.AnswerAsync("/static/x", HttpStatusCode.OK, Cancellation));
    }

    [Fact]
    public async Task ApplicationFromAServer_IsServed_AlsoWhenTheServerIsGone()
    {
        await using var server = await BindleProtocolServer.StartAsync(App());
        await using (var runtime = await StartAsync(App().Name, "--bindle-url", server.Url))
        {
            await AssertServedAsync(runtime);
            var module = await runtime.ModuleAsync("/static/...", module => module.State == ModuleState.Ready, Cancellation);
            Assert.Equal(
                ("bindle:example.com/app/1.3.3", $"bindle:example.com/app/1.3.3@{TestBindle.Sha256(System.Text.Encoding.UTF8.GetBytes(Showing("pages/a.txt")))}"),
                (module.Module, module.Serving));
        }

        var url = server.Url;
        await server.StopAsync();
        await using var again = await StartAsync("bindle:" + App().Name, "--bindle-url", url);
        await AssertServedAsync(again);
    }

    [Fact]
    public async Task StandaloneBindle_IsServed_AndFilesAreReadOnlyForThoseWhoRequireThem()
    {
        App().WriteTo(_directory.PathOf("bindles"));
        await using var runtime = await StartAsync(App().Name, "--bindle-path", _directory.PathOf("bindles"));
        await AssertServedAsync(runtime);
        // 76: ENOTCAPABLE, 69: EROFS, 63: EPERM: what the sandbox says to who would write. 08: EBADF: there is no folder.
        Assert.Matches("^e(76|69|63)$", await runtime.AnswerAsync("/write", HttpStatusCode.OK, Cancellation));
        Assert.Equal("e08", await runtime.AnswerAsync("/nothing", HttpStatusCode.OK, Cancellation));
    }

    [Fact]
    public async Task BadParcel_IsReported_AndTheOthersAreServed()
    {
        var bindle = App()
            .AddModule("mismatched.wat", Printing("mismatched"), "route = \"/mismatched\"")
            .AddModule("missing.wat", Printing("missing"), "route = \"/missing\"")
            .AddGroups("broken", "outside")
            .AddModule("broken.wat", Showing("b.txt"), "route = \"/broken\"", "broken")
            .AddFile("b.txt", "not there", "broken")
            .AddModule("outside.wat", Showing("x"), "route = \"/outside\"", "outside")
            .AddFile("../../x", "outside", "outside")
            .AddModule("second.wat", Printing("second"), "route = \"/\"");
        bindle.Parcels[TestBindle.Sha256(System.Text.Encoding.UTF8.GetBytes(Printing("mismatched")))] = "something else"u8.ToArray();
        bindle.Parcels.Remove(TestBindle.Sha256(System.Text.Encoding.UTF8.GetBytes(Printing("missing"))));
        bindle.Parcels.Remove(TestBindle.Sha256("not there"u8.ToArray()));
        await using var server = await BindleProtocolServer.StartAsync(bindle);
        await using var runtime = await StartAsync(bindle.Name, "--bindle-url", server.Url);
        await AssertServedAsync(runtime);

        await runtime.ModuleAsync("/mismatched", module => module.Reason == ModuleReason.DigestMismatch, Cancellation);
        await runtime.ModuleAsync("/missing", module => module.Reason == ModuleReason.NotFound, Cancellation);
        var broken = await runtime.ModuleAsync("/broken", module => module.Reason == ModuleReason.NotFound, Cancellation);
        Assert.Contains("parcel 'b.txt' of bindle example.com/app/1.3.3", broken.Message, StringComparison.Ordinal);
        var problems = (await runtime.StatusAsync(Cancellation)).Configuration.Problems;
        Assert.Contains(problems, problem => problem.Contains("parcel 'outside.wat': file '../../x' would not lie in the module's folder", StringComparison.Ordinal));
        Assert.Contains(problems, problem => problem.Contains("parcel 'second.wat': route '/' is taken by parcel 'hello.wat'", StringComparison.Ordinal));
        await runtime.AnswerAsync("/outside", HttpStatusCode.NotFound, Cancellation);
    }

    [Fact]
    public async Task DamagedCache_IsMended()
    {
        await using var server = await BindleProtocolServer.StartAsync(App());
        await using (var runtime = await StartAsync(App().Name, "--bindle-url", server.Url))
        {
            await AssertServedAsync(runtime);
        }

        var file = Assert.Single(Directory.GetFiles(Path.Combine(Cache, "files"), "a.txt", SearchOption.AllDirectories));
        await File.WriteAllTextAsync(file, "something else", Cancellation);
        var invoice = Assert.Single(Directory.GetFiles(Path.Combine(Cache, "invoices")));
        await File.WriteAllTextAsync(invoice, (await File.ReadAllTextAsync(invoice, Cancellation))[..300], Cancellation);
        await using var again = await StartAsync(App().Name, "--bindle-url", server.Url);
        await AssertServedAsync(again);
        Assert.Contains("is damaged: removed", again.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BindleThatCannotBeHad_EndsTheProgram_WithTheReason()
    {
        var wrong = new TestBindle("example.com/wrong");
        await using var server = await BindleProtocolServer.StartAsync();
        server.Bindles["example.com/other/1.0.0"] = wrong;
        async Task AssertFailsAsync(string message, params string[] arguments)
        {
            var result = await FailsAsync(arguments);
            Assert.Equal(1, result.ExitCode);
            Assert.Contains(message, result.Stderr, StringComparison.Ordinal);
        }

        await AssertFailsAsync($"wagi: bindle example.com/no/1.0.0: {server.Url} does not have it (bindle not found)", "-b", "example.com/no/1.0.0", "--bindle-url", server.Url);
        await AssertFailsAsync("its invoice is that of 'example.com/wrong/1.0.0'", "-b", "example.com/other/1.0.0", "--bindle-url", server.Url);
        await AssertFailsAsync("there is no folder '/no/such'", "-b", "example.com/no/1.0.0", "--bindle-path", "/no/such");
        var url = server.Url;
        await server.StopAsync();
        await AssertFailsAsync($"{url} cannot be reached", "-b", "example.com/no/1.0.0", "--bindle-url", url);
    }

    [Fact]
    public async Task ServerThatComesLater_IsWaitedFor_WhenThatIsAskedFor()
    {
        await using var server = await BindleProtocolServer.StartAsync();
        await using var runtime = await StartAsync(App().Name, "--bindle-url", server.Url, "--wait-for-config");
        await Eventually.Becomes(
            runtime.StatusAsync, status => status.Configuration.Problems is [var problem] && problem.Contains("bindle not found", StringComparison.Ordinal),
            cancellationToken: Cancellation);
        server.Bindles[App().Name] = App();
        await AssertServedAsync(runtime);
    }

    [Theory]
    [InlineData("'modules.toml' and -b are alternatives", "-c", "modules.toml", "-b", "example.com/a/1.0.0")]
    [InlineData("or a bindle with -b NAME/VERSION")]
    [InlineData("--bindle-path needs -b NAME/VERSION", "--bindle-path", ".", "-c", "modules.toml")]
    [InlineData("--bindle-path and --bindle-url are alternatives", "-b", "example.com/a/1.0.0", "--bindle-path", ".", "--bindle-url", "http://localhost/v1")]
    [InlineData("-b: 'example.com/a' does not end in a version", "-b", "example.com/a")]
    [InlineData("--bindle-url: 'localhost:8080' is not a URL such as http://localhost:8080/v1", "-b", "example.com/a/1.0.0", "--bindle-url", "localhost:8080")]
    public async Task WrongUse_EndsWithCode2_AndSaysWhat(string message, params string[] arguments)
    {
        var result = await FailsAsync(arguments);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(message, result.Stderr, StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();
}
