using System.Net;
using System.Net.Sockets;
using Wagi.Modules.Status;
using Wagi.TestCluster;
using Wagi.TestCluster.Bindle;
using Wagi.TestCluster.Processes;
using Wagi.TestCluster.Product;

namespace Wagi.EndToEnd;

/// <summary><c>wagi serve</c> with a <c>modules.toml</c> written by hand, no cluster.</summary>
public sealed class LaptopTests : IDisposable
{
    private readonly TempDirectory _directory = new("laptop");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Configuration => _directory.PathOf("modules.toml");

    private static string Hello(string version) =>
        $$"""
        (module
          (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
          (memory (export "memory") 1)
          (data (i32.const 0) "\10\00\00\00\1e\00\00\00")
          (data (i32.const 16) "Content-Type: text/plain\0a\0aab{{version}}\0a")
          (func (export "_start") (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
        """;

    private async Task<RuntimeProcess> StartAsync(params string[] more)
    {
        Assert.SkipWhen(!File.Exists(Checkout.Wagi), "the programs are not published: run 'make publish'");
        return await RuntimeProcess.StartAsync(Configuration, _directory.PathOf("cache"), secrets: null, Cancellation, more);
    }

    private async Task<RuntimeProcess> StartWithDescriptorsAsync(int descriptors)
    {
        Assert.SkipWhen(!File.Exists(Checkout.Wagi), "the programs are not published: run 'make publish'");
        return await RuntimeProcess.StartAsync(
            ["serve", "-c", Configuration, "--module-cache", _directory.PathOf("cache")], Cancellation,
            "prlimit", $"--nofile={descriptors}:{descriptors}");
    }

    /// <summary>What reads the log stops after so many lines, and stays.</summary>
    private async Task<RuntimeProcess> StartWithLogReadUpToAsync(int lines)
    {
        Assert.SkipWhen(!File.Exists(Checkout.Wagi), "the programs are not published: run 'make publish'");
        var reader = $"for i in $(seq {lines}); do IFS= read -r line && printf '%s\\n' \"$line\" >&2; done; exec sleep 60 >/dev/null 2>&1";
        return await RuntimeProcess.StartAsync(
            ["serve", "-c", Configuration, "--module-cache", _directory.PathOf("cache")], Cancellation,
            "bash", "-c", $"exec \"$0\" \"$@\" 2> >({reader})");
    }

    private void Configure(string toml)
    {
        // As editors do: a new file in place of the old one.
        _directory.Write("modules.toml.new", toml);
        File.Move(_directory.PathOf("modules.toml.new"), Configuration, overwrite: true);
    }

    private static string Entry(string route, string module) => $"[[module]]\nroute = \"{route}\"\nmodule = \"{module}\"\n";

    /// <summary>ASP.NET's own configuration would watch all folders below it, which took as long as everything else in the start.</summary>
    [Fact]
    public async Task FolderItIsStartedIn_IsNotWatched()
    {
        Assert.SkipUnless(Directory.Exists("/proc/self/fdinfo"), "what a process watches is seen on Linux only");
        _directory.Write("hello.wat", Hello("1"));
        Configure(Entry("/hello", "hello.wat"));
        for (var folder = 0; folder < 100; folder++)
        {
            _directory.Write($"elsewhere/{folder}/appsettings.json", "{}");
        }

        await using var runtime = await RuntimeProcess.StartAsync(
            ["serve", "-c", Configuration, "--module-cache", _directory.PathOf("cache")], Cancellation,
            "bash", "-c", $"cd '{_directory.PathOf("elsewhere")}' && exec \"$0\" \"$@\"");

        var watches = Directory.GetFiles($"/proc/{runtime.Id}/fdinfo")
            .SelectMany(LinesOf)
            .Count(line => line.StartsWith("inotify ", StringComparison.Ordinal));

        Assert.InRange(watches, 1, 9);

        static string[] LinesOf(string descriptor)
        {
            try
            {
                return File.ReadAllLines(descriptor);
            }
            catch (IOException)
            {
                return []; // Closed meanwhile.
            }
        }
    }

    /// <summary>A loaded module keeps two descriptors, one for code and one for data. Those that are left over for the ports are never given to modules.</summary>
    [Fact]
    public async Task MoreModulesThanDescriptors_FailOneByOne_AndBothPortsAnswer()
    {
        _directory.Write("hello.wat", Hello("1"));
        Configure(string.Concat(Enumerable.Range(0, 300).Select(i => Entry($"/hello-{i:000}", "hello.wat"))));
        await using var runtime = await StartWithDescriptorsAsync(256);

        var status = await Eventually.Becomes(
            runtime.StatusAsync, status => status.Modules.All(module => module.State != ModuleState.Loading), cancellationToken: Cancellation);
        var refused = status.Modules.Where(module => module.State == ModuleState.Failed).ToList();
        Assert.InRange(refused.Count, 300 - 64 - 8, 300 - 64);
        Assert.All(refused, module => Assert.Equal(ModuleReason.TooManyModules, module.Reason));
        var served = status.Modules.First(module => module.State == ModuleState.Ready);
        Assert.Equal("ab1\n", await runtime.AnswerAsync(served.Id, HttpStatusCode.OK, Cancellation));
    }

    /// <summary>How many may be loaded is computed from five memory maps for each: the kernel gives a process 65,530 as a rule.</summary>
    [Fact]
    public async Task LoadedModules_TakeNoMoreMemoryMaps_ThanAreCountedForThem()
    {
        const int Modules = 100;
        const int MapsOfModule = 5;
        const int Spare = 50;
        _directory.Write("hello.wat", Hello("1"));
        Configure(Entry("/hello", "hello.wat"));
        await using var runtime = await StartAsync();
        await runtime.AnswerAsync("/hello", HttpStatusCode.OK, Cancellation);
        var before = Maps(runtime);

        Configure(Entry("/hello", "hello.wat") + string.Concat(Enumerable.Range(0, Modules).Select(i => Entry($"/hello-{i:000}", "hello.wat"))));
        await Eventually.Becomes(
            runtime.StatusAsync, status => status.Modules.Count(module => module.State == ModuleState.Ready) == 1 + Modules, cancellationToken: Cancellation);

        // At least the code's: else they are not loaded one by one, and this shows nothing.
        Assert.InRange(Maps(runtime) - before, Modules, (MapsOfModule * Modules) + Spare);

        static int Maps(RuntimeProcess runtime) => File.ReadLines($"/proc/{runtime.Id}/maps").Count();
    }

    [Fact]
    public async Task Instances_AreNewForEveryRequest_IfThatIsWanted()
    {
        Assert.SkipWhen(!File.Exists(Checkout.Wagi), "the programs are not published: run 'make publish'");
        _directory.Write("hello.wat", Hello("1"));
        Configure(Entry("/hello", "hello.wat"));

        await using var runtime = await RuntimeProcess.StartAsync(
            ["serve", "-c", Configuration, "--module-cache", _directory.PathOf("cache"), "--new-instances"], Cancellation);

        Assert.Equal("ab1\n", await runtime.AnswerAsync("/hello", HttpStatusCode.OK, Cancellation));
        Assert.StartsWith("slots, by ", (await runtime.StatusAsync(Cancellation)).Memories, StringComparison.Ordinal);
    }

    /// <summary>More lines than wait in the program and fit into the pipe: whoever writes them must not wait for the reader.</summary>
    [Fact]
    public async Task LogThatNobodyReads_KeepsNoRequestWaiting()
    {
        const int Modules = 16;
        _directory.Write("loud.wat", Loud());
        Configure(string.Concat(Enumerable.Range(0, Modules).Select(i => Entry($"/loud-{i}", "loud.wat"))));
        await using var runtime = await StartWithLogReadUpToAsync(lines: Modules + 1);
        await Eventually.Becomes(
            runtime.StatusAsync, status => status.Modules.All(module => module.State == ModuleState.Ready), cancellationToken: Cancellation);

        for (var round = 0; round < 3; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, Modules).Select(i =>
                runtime.AnswerAsync($"/loud-{i}", HttpStatusCode.OK, Cancellation).WaitAsync(TimeSpan.FromSeconds(30), Cancellation)));
        }
    }

    /// <summary>Writes 4,000 lines to its log, and then its answer.</summary>
    private static string Loud() =>
        """
        (module
          (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
          (memory (export "memory") 1)
          (data (i32.const 0) "\10\00\00\00\1a\00\00\00\40\00\00\00\02\00\00\00")
          (data (i32.const 16) "Content-Type: text/plain\0a\0a")
          (data (i32.const 64) "x\0a")
          (func (export "_start") (local $i i32)
            (loop $again
              (drop (call $fd_write (i32.const 2) (i32.const 8) (i32.const 1) (i32.const 56)))
              (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 4000))))
            (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 56)))))
        """;

    [Fact]
    public async Task ConnectionsBeyondTheirShare_LeaveTheAdminPortAlone()
    {
        _directory.Write("hello.wat", Hello("1"));
        Configure(Entry("/hello", "hello.wat"));
        await using var runtime = await StartWithDescriptorsAsync(256);
        await runtime.AnswerAsync("/hello", HttpStatusCode.OK, Cancellation);

        var address = runtime.Client.BaseAddress!;
        var connections = Enumerable.Range(0, 300).Select(_ => new TcpClient(address.Host, address.Port)).ToList();
        try
        {
            using var fresh = new HttpClient();
            using var live = await fresh.GetAsync(new Uri(runtime.AdminUrl + "/healthz/live"), Cancellation).WaitAsync(TimeSpan.FromSeconds(20), Cancellation);
            Assert.Equal(HttpStatusCode.OK, live.StatusCode);
        }
        finally
        {
            connections.ForEach(connection => connection.Dispose());
        }

        await runtime.AnswerAsync("/hello", HttpStatusCode.OK, Cancellation);
    }

    [Theory]
    [InlineData("--http2-prior-knowledge", "2")]
    [InlineData("--http1.1", "1.1")]
    public async Task PlainPort_SpeaksBothVersionsOfHttp(string option, string version)
    {
        _directory.Write("hello.wat", Hello("1"));
        Configure(Entry("/hello", "hello.wat"));
        await using var runtime = await StartAsync();
        await runtime.AnswerAsync("/hello", HttpStatusCode.OK, Cancellation);

        var answer = await Command.RunAsync(
            "curl", ["--silent", "--show-error", option, "--write-out", "%{http_version}", new Uri(runtime.Client.BaseAddress!, "hello").ToString()],
            cancellationToken: Cancellation);

        Assert.Equal(("ab1\n" + version, ""), (answer.Stdout, answer.Stderr));
    }

    [Fact]
    public async Task EditedFile_IsReloaded_AndSoIsAnEditedModule()
    {
        _directory.Write("hello.wat", Hello("1"));
        Configure(Entry("/hello", "hello.wat"));
        await using var runtime = await StartAsync();
        Assert.Equal("ab1\n", await runtime.AnswerAsync("/hello", HttpStatusCode.OK, Cancellation));

        Configure(Entry("/hello", "hello.wat") + Entry("/again", "hello.wat"));
        await runtime.AnswerAsync("/again", HttpStatusCode.OK, Cancellation);

        _directory.Write("hello.wat", Hello("2"));
        await runtime.AnswerAsync("/hello", HttpStatusCode.OK, body => body == "ab2\n", Cancellation);

        Configure(Entry("/again", "hello.wat"));
        await runtime.AnswerAsync("/hello", HttpStatusCode.NotFound, Cancellation);
    }

    [Fact]
    public async Task BrokenToml_IsReportedByLine_AndEverythingGoesOnServing()
    {
        _directory.Write("hello.wat", Hello("1"));
        Configure(Entry("/hello", "hello.wat") + Entry("/other", "hello.wat"));
        await using var runtime = await StartAsync();
        await runtime.AnswerAsync("/hello", HttpStatusCode.OK, Cancellation);
        await runtime.AnswerAsync("/other", HttpStatusCode.OK, Cancellation);

        await using var load = await Load.StartAsync(runtime.Client, "/hello", clients: 2);
        Configure(Entry("/hello", "hello.wat") + "[[module]\nroute = \"/other\n");
        var status = await Eventually.Becomes(
            runtime.StatusAsync, status => status.Configuration.Problems.Length > 0, cancellationToken: Cancellation);
        Assert.StartsWith($"{Configuration}:4:", status.Configuration.Problems[0], StringComparison.Ordinal);
        Assert.Equal("ab1\n", await runtime.Client.GetStringAsync("/other", Cancellation));
        Assert.Empty(await load.StopAsync());
    }

    [Fact]
    public async Task WrongEntry_KeepsItsLastGoodVersion()
    {
        _directory.Write("hello.wat", Hello("1"));
        Configure("[[module]]\nid = \"a\"\nroute = \"/hello\"\nmodule = \"hello.wat\"\n");
        await using var runtime = await StartAsync();
        await runtime.AnswerAsync("/hello", HttpStatusCode.OK, Cancellation);

        Configure("[[module]]\nid = \"a\"\nroute = \"hello\"\nmodule = \"hello.wat\"\n");
        var module = await runtime.ModuleAsync("a", module => module.State == ModuleState.Failed, Cancellation);
        Assert.Equal(ModuleReason.InvalidEntry, module.Reason);
        Assert.Contains("must start with '/'", module.Message, StringComparison.Ordinal);
        Assert.Equal("ab1\n", await runtime.Client.GetStringAsync("/hello", Cancellation));
    }

    [Fact]
    public async Task EntryThatRequiresWhatThisRuntimeDoesNotHave_IsNotServed()
    {
        _directory.Write("hello.wat", Hello("1"));
        Configure("[[module]]\nid = \"a\"\nroute = \"/hello\"\nmodule = { reference = \"hello.wat\", requires = [\"time-travel\"] }\n");
        await using var runtime = await StartAsync();

        var module = await runtime.ModuleAsync("a", module => module.State == ModuleState.Failed, Cancellation);
        Assert.Equal(ModuleReason.UnknownRequirement, module.Reason);
        Assert.Contains("requires 'time-travel'", module.Message, StringComparison.Ordinal);
        await runtime.AnswerAsync("/hello", HttpStatusCode.NotFound, Cancellation);
    }

    [Fact]
    public async Task MissingFile_IsReported_AndServedOnceItIsThere()
    {
        Configure(Entry("/hello", "hello.wat"));
        await using var runtime = await StartAsync();
        var module = await runtime.ModuleAsync("/hello", module => module.State == ModuleState.Failed, Cancellation);
        Assert.Equal(ModuleReason.NotFound, module.Reason);
        Assert.Contains("hello.wat", module.Message, StringComparison.Ordinal);
        using (var ready = await runtime.Admin.GetAsync("/healthz/ready", Cancellation))
        {
            Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        }

        _directory.Write("hello.wat", Hello("1"));
        await runtime.AnswerAsync("/hello", HttpStatusCode.OK, Cancellation);
    }

    [Fact]
    public async Task TwoEntriesWithOneRoute_TheFirstServes_TheSecondIsTold()
    {
        _directory.Write("one.wat", Hello("1"));
        _directory.Write("two.wat", Hello("2"));
        Configure("[[module]]\nid = \"one\"\nroute = \"/x\"\nmodule = \"one.wat\"\n[[module]]\nid = \"two\"\nroute = \"/x\"\nmodule = \"two.wat\"\n");
        await using var runtime = await StartAsync();
        var loser = await runtime.ModuleAsync("two", module => module.State == ModuleState.Failed, Cancellation);
        Assert.Equal(ModuleReason.RouteConflict, loser.Reason);
        Assert.Contains("'one'", loser.Message, StringComparison.Ordinal);
        Assert.Equal("ab1\n", await runtime.AnswerAsync("/x", HttpStatusCode.OK, Cancellation));

        Configure("[[module]]\nid = \"two\"\nroute = \"/x\"\nmodule = \"two.wat\"\n");
        Assert.Equal("ab2\n", await runtime.AnswerAsync("/x", HttpStatusCode.OK, body => body == "ab2\n", Cancellation));
    }

    [Fact]
    public async Task RouteThatGoesToAnotherEntry_IsAnsweredAllTheTime()
    {
        _directory.Write("one.wat", Hello("1"));
        Configure("[[module]]\nid = \"one\"\nroute = \"/x\"\nmodule = \"one.wat\"\n");
        await using var runtime = await StartAsync();
        await runtime.AnswerAsync("/x", HttpStatusCode.OK, Cancellation);

        await using var load = await Load.StartAsync(runtime.Client, "/x");
        for (var i = 2; i < 7; i++)
        {
            // A new module every time: it has to be compiled first.
            _directory.Write($"{i}.wat", Hello($"{i}"));
            Configure($"[[module]]\nid = \"{i}\"\nroute = \"/x\"\nmodule = \"{i}.wat\"\n");
            await runtime.AnswerAsync("/x", HttpStatusCode.OK, body => body == $"ab{i}\n", Cancellation);
        }

        Assert.Empty(await load.StopAsync());
    }

    [Fact]
    public async Task HostDecides_BetweenModulesOnOnePath()
    {
        _directory.Write("one.wat", Hello("1"));
        _directory.Write("two.wat", Hello("2"));
        Configure(
            "[[module]]\nid = \"one\"\nroute = \"/x\"\nmodule = \"one.wat\"\n"
            + "[[module]]\nid = \"two\"\nroute = \"/x\"\nhosts = [\"two.example.com\"]\nmodule = \"two.wat\"\n");
        await using var runtime = await StartAsync();
        await runtime.ModuleAsync("two", module => module.State == ModuleState.Ready, Cancellation);
        await runtime.AnswerAsync("/x", HttpStatusCode.OK, Cancellation);

        using var request = new HttpRequestMessage(HttpMethod.Get, "/x") { Headers = { Host = "TWO.example.com:8080" } };
        using var response = await runtime.Client.SendAsync(request, Cancellation);
        Assert.Equal("ab2\n", await response.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal("ab1\n", await runtime.Client.GetStringAsync("/x", Cancellation));
    }

    [Fact]
    public async Task EntryWithSecrets_WithoutAFolderForThem_FailsAtOnce()
    {
        _directory.Write("hello.wat", Hello("1"));
        Configure(Entry("/secret", "hello.wat") + "secrets_version = \"1\"\n" + Entry("/hello", "hello.wat"));
        await using var runtime = await StartAsync();
        var module = await runtime.ModuleAsync("/secret", module => module.State == ModuleState.Failed, Cancellation);
        Assert.Equal("the module has secrets, and the runtime was started without --secrets-dir", module.Message);
        await runtime.AnswerAsync("/hello", HttpStatusCode.OK, Cancellation);
        using var ready = await runtime.Admin.GetAsync("/healthz/ready", Cancellation);
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
    }

    [Fact]
    public async Task BindleModule_IsServedFromItsServer_AndFromTheCacheWhenThatIsGone()
    {
        _directory.Write("hello.wat", Hello("1"));
        await using var server = await BindleProtocolServer.StartAsync(
            new TestBindle("example.com/a").AddModule("a.wat", Hello("2"), "route = \"/not-asked\""));
        Configure(
            Entry("/bindle", "bindle:example.com/a/1.0.0") + $"bindle_server = \"{server.Url}\"\n"
            + Entry("/default", "bindle:example.com/a/1.0.0")
            + Entry("/missing", "bindle:example.com/missing/1.0.0")
            + Entry("/hello", "hello.wat"));
        await using (var runtime = await StartAsync("--bindle-url", server.Url))
        {
            Assert.Equal("ab2\n", await runtime.AnswerAsync("/bindle", HttpStatusCode.OK, Cancellation));
            Assert.Equal("ab2\n", await runtime.AnswerAsync("/default", HttpStatusCode.OK, Cancellation));
            Assert.Equal("ab1\n", await runtime.AnswerAsync("/hello", HttpStatusCode.OK, Cancellation));
            var missing = await runtime.ModuleAsync("/missing", module => module.State == ModuleState.Failed, Cancellation);
            Assert.Equal(
                (ModuleReason.NotFound, $"bindle example.com/missing/1.0.0: {server.Url} does not have it (bindle not found)"),
                (missing.Reason, missing.Message));
        }

        var url = server.Url;
        await server.StopAsync();
        await using var again = await StartAsync("--bindle-url", url);
        Assert.Equal("ab2\n", await again.AnswerAsync("/bindle", HttpStatusCode.OK, Cancellation));
        Assert.Equal("ab2\n", await again.AnswerAsync("/default", HttpStatusCode.OK, Cancellation));
        await again.ModuleAsync("/missing", module => module.Reason == ModuleReason.RegistryUnreachable, Cancellation);
    }

    [Theory]
    [InlineData("id", "^noisy-")]
    [InlineData("route-hash", "^[0-9a-f]{64}$")]
    public async Task LogDirectory_KeepsWhatModulesWriteToStderr_InAFolderForEach(string names, string expected)
    {
        _directory.Write("noisy.wat", """
            (module
              (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
              (memory (export "memory") 1)
              (data (i32.const 0) "\10\00\00\00\1b\00\00\00\30\00\00\00\0c\00\00\00")
              (data (i32.const 16) "Content-Type: text/plain\0a\0aa")
              (data (i32.const 48) "what I think")
              (func (export "_start")
                (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64)))
                (drop (call $write (i32.const 2) (i32.const 8) (i32.const 1) (i32.const 64)))))
            """);
        Configure(Entry("/noisy/...", "noisy.wat") + Entry("/noisy", "noisy.wat"));
        await using var runtime = await StartAsync("--log-dir", _directory.PathOf("logs"), "--log-names", names);

        // While only one of them is there, it has both paths.
        await Eventually.Becomes(
            async token => (await runtime.StatusAsync(token)).Modules.Count(module => module.State == ModuleState.Ready), ready => ready == 2,
            cancellationToken: Cancellation);
        Assert.Equal("a", await runtime.AnswerAsync("/noisy/at/all", HttpStatusCode.OK, Cancellation));
        Assert.Equal("a", await runtime.AnswerAsync("/noisy", HttpStatusCode.OK, Cancellation));

        // They are written beside the requests.
        var files = await Eventually.Becomes(
            () => Directory.GetFiles(_directory.PathOf("logs"), "module.stderr", SearchOption.AllDirectories),
            files => files.Length == 2 && files.All(file => new FileInfo(file).Length > 0), cancellationToken: Cancellation);
        var folders = files.Select(file => Path.GetDirectoryName(file)!).ToList();
        Assert.All(folders, folder => Assert.Matches(expected, Path.GetFileName(folder)));
        Assert.All(folders, folder => Assert.Matches(
            @"^20\S+Z \S+:\S+ what I think$", Assert.Single(File.ReadAllLines(Path.Combine(folder, "module.stderr")))));
        Assert.DoesNotContain("what I think", runtime.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AdminPort_AnswersHealthStatusAndMetrics_AndSigtermEndsTheProgram()
    {
        _directory.Write("hello.wat", Hello("1"));
        Configure(Entry("/hello", "hello.wat"));
        await using var runtime = await StartAsync();
        await runtime.AnswerAsync("/hello", HttpStatusCode.OK, Cancellation);

        Assert.Equal("ok\n", await runtime.Admin.GetStringAsync("/healthz/live", Cancellation));
        Assert.Equal("ok\n", await runtime.Admin.GetStringAsync("/healthz/ready", Cancellation));
        Assert.True((await runtime.StatusAsync(Cancellation)).Ready);
        var metrics = await runtime.Admin.GetStringAsync("/metrics", Cancellation);
        Assert.Contains("wagi_modules{", metrics, StringComparison.Ordinal);
        Assert.Contains("wagi_requests_total{", metrics, StringComparison.Ordinal);
        Assert.Equal(0, await runtime.TerminateAsync(Cancellation));
    }

    [Fact]
    public async Task UnknownRoute_Is404_AndHealthzAnswersOnTheMainPort()
    {
        Configure("");
        await using var runtime = await StartAsync();
        await runtime.AnswerAsync("/nothing", HttpStatusCode.NotFound, Cancellation);
        Assert.Equal("OK\n", await runtime.AnswerAsync("/healthz", HttpStatusCode.OK, Cancellation));
    }

    public void Dispose() => _directory.Dispose();
}
