using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Wagi.Runtime.Development;
using Wagi.Runtime.Loading;
using Wagi.Runtime.Tests.Commands;
using Wagi.TestCluster;
using Wagi.TestCluster.Processes;
using Wagi.TestCluster.Product;

namespace Wagi.Runtime.Tests.Development;

/// <summary><c>wagi dev</c> on a project whose build is a script.</summary>
public sealed class DevCommandTests : IDisposable
{
    private const string Configuration = "[[module]]\nid = \"hello\"\nroute = \"/...\"\nmodule = \"out/hello.wat\"\n[dev]\nbuild = \"sh build.sh\"\n";

    private static readonly string Wagi = Path.Combine(AppContext.BaseDirectory, "wagi");

    private static readonly Dictionary<string, string?> NoMore = [];

    private readonly TempDirectory _folder = new("dev");

    private string Project => _folder.PathOf("project");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Answers with a text of three characters, and says one of as many on stderr.</summary>
    private static string Source(string answer) =>
        $$"""
        (module
          (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
          (memory (export "memory") 1)
          (data (i32.const 0) "\10\00\00\00\1d\00\00\00\40\00\00\00\09\00\00\00")
          (data (i32.const 16) "Content-Type: text/plain\0a\0a{{answer}}")
          (data (i32.const 64) "asked {{answer}}")
          (func (export "_start")
            (drop (call $fd_write (i32.const 2) (i32.const 8) (i32.const 1) (i32.const 56)))
            (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 56)))))
        """;

    private DevProcess Start(string build = "mkdir -p out && cp source.wat out/hello.wat", string configuration = Configuration, params string[] more)
    {
        Write("modules.toml", configuration);
        Write("build.sh", build);
        return DevProcess.Start(Wagi, Project, _folder.PathOf("cache"), NoMore, Cancellation, more);
    }

    private void Write(string name, string content) => _folder.Write($"project/{name}", content);

    [Fact]
    public async Task Project_IsBuiltAndServed_AndEachRequestIsALine()
    {
        Write("source.wat", Source("one"));
        await using var dev = Start();

        await dev.AnswersAsync("/a?b=c", "one");

        await dev.PrintsAsync(@"^\d\d:\d\d:\d\d sh build.sh$");
        await dev.PrintsAsync(@"^\d\d:\d\d:\d\d built in \d+\.\d s$");
        await dev.PrintsAsync(@"^\d\d:\d\d:\d\d console http://127\.0\.0\.1:\d+$");
        await dev.PrintsAsync(@"^\d\d:\d\d:\d\d hello: asked one$");
        await dev.PrintsAsync(@"^\d\d:\d\d:\d\d GET /a 200 \d+\.\d ms$");
        Assert.DoesNotContain('\u001b', dev.Log);
        Assert.DoesNotContain("keys:", dev.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Change_IsBuiltAndServed_AndSoIsANewFile()
    {
        Write("source.wat", Source("one"));
        await using var dev = Start("mkdir -p out && cat $(ls *.wat | tail -1) >out/hello.wat");
        await dev.AnswersAsync("/", "one");

        Write("source.wat", Source("two"));
        await dev.AnswersAsync("/", "two");
        await dev.PrintsAsync(@"^\S+ source\.wat changed: sh build\.sh$");

        Write("zulu.wat", Source("new"));
        await dev.AnswersAsync("/", "new");
        await dev.PrintsAsync(@"^\S+ zulu\.wat changed: sh build\.sh$");
    }

    [Fact]
    public async Task FailedBuild_IsShown_AndTheLastGoodOneServes_UntilTheNextThatIs()
    {
        Write("source.wat", Source("one"));
        await using var dev = Start("mkdir -p out; cp source.wat out/hello.wat; grep -q broken source.wat && echo 'line 7: that is broken' >&2 && exit 3; true");
        await dev.AnswersAsync("/", "one");

        // It has written a module by the time it fails, which is not to be served.
        Write("source.wat", Source("two") + ";; broken");
        await dev.PrintsAsync("^line 7: that is broken$");
        await dev.PrintsAsync(@"^\S+ the build failed with exit code 3; the last good one is still served$");
        await dev.AnswersAsync("/", "one");

        Write("source.wat", Source("six"));
        await dev.AnswersAsync("/", "six");
        Assert.DoesNotContain("asked two", dev.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FirstBuildThatFails_IsTriedAgainWhenAFileChanges()
    {
        await using var dev = Start();
        await dev.PrintsAsync(@"^\S+ the build failed with exit code 1; it is tried again when a file changes$");
        await dev.PrintsAsync("console http:");

        Write("source.wat", Source("one"));
        await dev.AnswersAsync("/", "one");
    }

    [Fact]
    public async Task FirstBuildThatFails_SaysThatTheModuleIsOfAnEarlierOne()
    {
        Write("out/hello.wat", Source("old"));
        await using var dev = Start("exit 1");
        await dev.PrintsAsync(@"^\S+ the build failed with exit code 1; out/hello\.wat of an earlier build is served, and it is tried again when a file changes$");
        await dev.AnswersAsync("/", "old");
    }

    [Fact]
    public void ModuleThatIsTriedAgain_IsToldOfOnce_UntilItIsAnotherFailure()
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var log = new DevLog(new DevTerminal(output, isTerminal: false, hasColors: false, new FakeTimeProvider()), LogLevel.Information);
        void Fail(string message) => log.Log(
            LogLevel.Warning, new EventId(ModuleHost.RetryEvent), new KeyValuePair<string, object?>[] { new("Id", "hello"), new("Message", message) }, null, (_, _) => message);

        Fail("there is no file");
        Fail("there is no file");
        Fail("it is no module");

        Assert.Equal(["hello could not be loaded: there is no file", "hello could not be loaded: it is no module"], output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line[9..]));
    }

    [Fact]
    public async Task WatchedPathThatIsNotThere_IsNamed_AndCountsOnceItIs()
    {
        Write("source.wat", Source("one"));
        await using var dev = Start("mkdir -p out; cat $(ls -d later/source.wat source.wat 2>/dev/null | head -1) >out/hello.wat", Configuration + "watch = [\"source.wat\", \"later\"]\n");
        await dev.AnswersAsync("/", "one");
        await dev.PrintsAsync(@"^\S+ later is not there: a change there counts as soon as it is \(\[dev\] watch names it\)$");

        Write("later/source.wat", Source("two"));
        await dev.AnswersAsync("/", "two");
    }

    [Fact]
    public async Task OwnOutputBesideTheSources_IsNoReasonForABuild()
    {
        Write("source.wat", Source("one"));
        Write("modules.toml", Configuration);
        Write("build.sh", "mkdir -p out && cp source.wat out/hello.wat");
        var log = Path.Combine(Project, "log");
        await using var dev = ProductProcess.Start(
            "sh", "-c", "exec \"$0\" dev \"$1\" -l 127.0.0.1:0 --admin 127.0.0.1:0 --module-cache \"$2\" >\"$1/log\" 2>&1", Wagi, Project, _folder.PathOf("cache"));
        Task<string> PrintsAsync(string text) => Eventually.Becomes(
            token => File.ReadAllTextAsync(log, token), printed => printed.Contains(text, StringComparison.Ordinal), cancellationToken: Cancellation);

        await PrintsAsync("serving http");
        Write("source.wat", Source("two"));

        var printed = await PrintsAsync(" source.wat changed: ");
        Assert.DoesNotContain("log changed", printed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ChangeDuringABuild_IsFollowedByAnother_AndNeverAreThereTwo()
    {
        // The build holds on until it is let go, and fails where another one runs.
        Write("source.wat", Source("one"));
        await using var dev = Start("mkdir running || exit 9; cp source.wat taken; while [ ! -e ../go ]; do sleep 0.05; done; mkdir -p out; cp taken out/hello.wat; rm taken; rmdir running");
        await Eventually.Becomes(() => File.Exists(Path.Combine(Project, "taken")), isTaken => isTaken, cancellationToken: Cancellation);
        Write("source.wat", Source("two"));
        _folder.Write("go", "");

        await dev.AnswersAsync("/", "two");
        Assert.DoesNotContain("exit code 9", dev.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BuildThatWritesBesideItsSources_DoesNotGoOnForEver()
    {
        Write("source.wat", Source("one"));
        await using var dev = Start("mkdir -p out; cp source.wat out/hello.wat; date +%s%N >>stamp; wc -l <stamp");
        await dev.AnswersAsync("/", "one");

        await dev.PrintsAsync(@"^\S+ stamp: written by each build");
        foreach (var (answer, count) in new[] { ("two", 4), ("six", 5) })
        {
            Write("source.wat", Source(answer));
            await dev.AnswersAsync("/", answer);
            await dev.PrintsAsync($"^{count}$");
        }

        Assert.Equal(2, Regex.Count(dev.Log, "stamp changed: "));
    }

    [Theory]
    [InlineData("out/\n*.gen\n", "made.gen")]
    [InlineData("", "node_modules/a.js")]
    public async Task WhatIsMade_IsNotWatched(string ignored, string made)
    {
        Write(".gitignore", ignored);
        Write("source.wat", Source("one"));
        Write(made, "");
        await using var dev = Start();
        await dev.AnswersAsync("/", "one");

        Write(made, "changed");
        Write("source.wat", Source("two"));
        await dev.AnswersAsync("/", "two");
        await dev.PrintsAsync(@"^\S+ source\.wat changed: ");
    }

    [Fact]
    public async Task Watch_NamesWhatIsWatched()
    {
        Write("source.wat", Source("one"));
        Write("other/file", "");
        await using var dev = Start(configuration: Configuration + "watch = [\"source.wat\"]\n");
        await dev.AnswersAsync("/", "one");

        Write("other/file", "changed");
        Write("source.wat", Source("two"));
        await dev.AnswersAsync("/", "two");
        await dev.PrintsAsync(@"^\S+ source\.wat changed: ");
    }

    [Fact]
    public async Task Interrupt_EndsIt_AndTheBuildWithAllThatItStarted()
    {
        Write("source.wat", Source("one"));
        await using var dev = Start("sleep 600 & echo $! >../sleeper; echo begun; wait");
        await dev.PrintsAsync("^begun$");

        Assert.Equal(0, await dev.InterruptAsync());

        var sleeper = File.ReadAllText(_folder.PathOf("sleeper")).Trim();
        await Eventually.Becomes(
            () => Directory.Exists($"/proc/{sleeper}") && File.ReadAllText($"/proc/{sleeper}/cmdline").Contains("sleep", StringComparison.Ordinal), isThere => !isThere, cancellationToken: Cancellation);
    }

    [Fact]
    public async Task Interrupt_EndsTheServer()
    {
        Write("source.wat", Source("one"));
        await using var dev = Start();
        await dev.AnswersAsync("/", "one");
        Assert.Equal(0, await dev.InterruptAsync());
    }

    [Fact]
    public async Task AddressInUse_IsSaid_WithTheOptionThatHelps()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        Write("modules.toml", Configuration);
        Write("build.sh", "touch built");
        await using var dev = ProductProcess.Start(
            Wagi, "dev", Project, "-l", $"{taken.LocalEndpoint}", "--admin", "127.0.0.1:0", "--module-cache", _folder.PathOf("cache"));
        Assert.Equal(1, await dev.ExitAsync(Cancellation));
        Assert.Contains($"{taken.LocalEndpoint}: address already in use (choose another with -l or --admin)\n", dev.Log, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(Project, "built")), "it was built before the address was tried");
    }

    [Theory]
    [InlineData("serve", "-l")]
    [InlineData("serve", "--admin")]
    [InlineData("dev", "-l")]
    public async Task AddressOfAnotherMachine_IsSaid_WithTheOptionThatHelps(string command, string option)
    {
        Write("modules.toml", Configuration);
        Write("build.sh", "touch built");
        string[] free = [option == "-l" ? "--admin" : "-l", "127.0.0.1:0"];
        await using var program = ProductProcess.Start(
            Wagi, [command, Project, option, "192.0.2.1:13202", .. free, "--module-cache", _folder.PathOf("cache")]);
        Assert.Equal(1, await program.ExitAsync(Cancellation));
        Assert.Contains(
            "wagi: Failed to bind to address 192.0.2.1:13202: this machine has no such address (choose another with -l or --admin)\n", program.Log, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(Project, "built")), "it was built before the address was tried");
    }

    [Fact]
    public async Task Trap_IsShown_WithTheNamesOfItsFunctions()
    {
        Write("source.wat", """(module (memory (export "memory") 1) (func $divide unreachable) (func $answer (call $divide)) (func (export "_start") (call $answer)))""");
        await using var dev = Start();

        Assert.Equal(500, await dev.StatusAsync("/x"));

        await dev.PrintsAsync(@"^\S+ hello trapped: .*unreachable.*; at divide, answer, 0x");
        await dev.PrintsAsync(@"^\S+ GET /x 500 \d+\.\d ms, trapped$");
    }

    /// <summary>On a terminal, which <c>script</c> makes one.</summary>
    [Theory]
    [InlineData("", true)]
    [InlineData("1", false)]
    public async Task Keys_BuildAgain_NameTheConsole_AndQuit(string noColor, bool isColored)
    {
        Assert.SkipWhen(TestTools.WhyMissing("script") is not null, TestTools.WhyMissing("script") ?? "");
        Write("modules.toml", Configuration);
        Write("source.wat", Source("one"));
        Write("build.sh", "mkdir -p out; cp source.wat out/hello.wat; echo x >>../builds");
        Write("type.sh", """
            log=$1
            until grep -q 'is loaded' "$log"; do sleep 0.1; done; printf o
            until grep -q 'the console is at' "$log"; do sleep 0.1; done; printf r
            until [ "$(grep -c 'built in' "$log")" = 2 ]; do sleep 0.1; done; printf q
            """);
        var log = _folder.Write("log", "");
        string command = $"env -u DISPLAY -u WAYLAND_DISPLAY TERM=xterm NO_COLOR={noColor} {Wagi} dev {Project} -l 127.0.0.1:0 --admin 127.0.0.1:0 --module-cache {_folder.PathOf("cache")}";

        var result = await Command.RunAsync(
            "sh", ["-c", "sh \"$0\" \"$1\" | script --quiet --return --flush --command \"$2\" \"$1\"", Path.Combine(Project, "type.sh"), log, command],
            cancellationToken: Cancellation);

        Assert.Equal((0, ""), (result.ExitCode, result.Stderr));
        Assert.Contains("keys: o opens the console, r builds again, q quits", result.Stdout, StringComparison.Ordinal);
        Assert.Equal(isColored, result.Stdout.Contains("\e[32mbuilt in ", StringComparison.Ordinal));
        Assert.Equal(isColored, result.Stdout.Contains("\e[3", StringComparison.Ordinal));
        Assert.Equal("x\nx\n", File.ReadAllText(_folder.PathOf("builds")));
    }

    [Fact]
    public async Task TemplateOfText_IsServedWithoutABuild_AndAnEditIsFollowed()
    {
        Assert.Equal(0, (await CommandFolder.RunAsync("new", "wat", Project)).Code);
        await using var dev = DevProcess.Start(Wagi, Project, _folder.PathOf("cache"), NoMore, Cancellation);
        await dev.AnswersAsync("/project", "Hello from WebAssembly itself\n");

        Write("main.wat", File.ReadAllText(Path.Combine(Project, "main.wat")).Replace("itself", "afresh", StringComparison.Ordinal));
        await dev.AnswersAsync("/project", "Hello from WebAssembly afresh\n");
        Assert.DoesNotContain("make", dev.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CompiledTemplate_ShowsWhatTheCompilerSays_AndTheLineThatTraps_AndIsSmallAgainAfterwards()
    {
        var toolchain = await Toolchain.FindAsync("c", Cancellation);
        Assert.SkipWhen(toolchain.WhyMissing is not null, toolchain.WhyMissing ?? "");
        Assert.Equal(0, (await CommandFolder.RunAsync("new", "c", Project)).Code);
        var good = File.ReadAllText(Path.Combine(Project, "main.c"));
        var module = Path.Combine(Project, "project.wasm");
        await using (var dev = DevProcess.Start(Wagi, Project, _folder.PathOf("cache"), toolchain.Environment, Cancellation))
        {
            await dev.AnswersAsync("/project/x", "Hello from project: /x\n");

            Write("main.c", good + "\nint unfinished = ;\n");
            await dev.PrintsAsync(@"main\.c:\d+:\d+: error: expected expression");
            await dev.PrintsAsync("the build failed with exit code 2; the last good one is still served");
            await dev.AnswersAsync("/project/y", "Hello from project: /y\n");

            Write("main.c", "__attribute__((noinline)) static int divide(volatile int by) {\n    if (by == 0) __builtin_trap();\n    return 1 / by;\n}\n\nint main(void) {\n    return divide(0);\n}\n");
            await dev.PrintsAsync("(built in .*[^$]*){2}");
            await Eventually.Becomes(_ => dev.StatusAsync("/project"), status => status == 500, cancellationToken: Cancellation);
            await dev.PrintsAsync(@"^\S+ project trapped: .*unreachable[^\n]*executed\n  at divide \(\S*main\.c:2:\d+\)\n  at (__original_)?main \(\S*main\.c:7:\d+\)\n");
            Assert.Equal(0, await dev.InterruptAsync());
        }

        Write("main.c", good);
        var made = await Command.RunAsync("make", ["-C", Project], toolchain.Environment, cancellationToken: Cancellation);
        Assert.Equal(0, made.ExitCode);
        Assert.DoesNotContain(".debug_info", File.ReadAllText(module, System.Text.Encoding.Latin1), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("there is no folder '", null, "none")]
    [InlineData("' has no modules.toml, which says what is served; 'wagi new LANGUAGE NAME' begins a project with one", null, "")]
    [InlineData("' is a file: name the folder that it is in", "", "modules.toml")]
    [InlineData("' is built: there is no Makefile, Cargo.toml, go.mod, package.json with a script 'build', or build.zig; write into ", "[[module]]\nroute = \"/\"\nmodule = \"a.wasm\"\n", "")]
    [InlineData("modules.toml: [dev] has no key 'biuld'; did you mean 'build'?", "[dev]\nbiuld = \"make\"\n", "")]
    [InlineData("modules.toml:1:5: this is not TOML: ", "[dev\n", "")]
    public async Task WhatIsNoProject_IsSaid(string message, string? configuration, string name)
    {
        Directory.CreateDirectory(Project);
        if (configuration is not null)
        {
            Write("modules.toml", configuration);
        }

        var outcome = await CommandFolder.RunAsync("dev", Path.Combine(Project, name));

        Assert.Equal((2, ""), (outcome.Code, outcome.Output));
        Assert.Contains(message, outcome.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();
}
