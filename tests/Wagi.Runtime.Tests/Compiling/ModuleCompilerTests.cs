using System.Diagnostics;
using System.Globalization;
using System.Text;
using Wagi.Modules.Configuration;
using Wagi.Modules.Status;
using Wagi.Runtime.Compiling;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Tests.Harness;
using Wagi.TestCluster;
using Wagi.TestCluster.Product;

namespace Wagi.Runtime.Tests.Compiling;

/// <summary>With the real program as the compiler.</summary>
public sealed class ModuleCompilerTests
{
    private static readonly string[] Program = [Path.Combine(AppContext.BaseDirectory, "wagi")];

    public ModuleCompilerTests()
    {
        Assert.SkipWhen(TestTools.WhyNoProcess is not null, TestTools.WhyNoProcess ?? "");
        Assert.SkipUnless(OperatingSystem.IsLinux(), "limits of a process are Linux's");
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static async Task<MemoryStream> CompileAsync(
        byte[] wasm, CompilerLimits? limits = null, Preinitialization preinitialization = Preinitialization.None)
    {
        using var compiler = new ModuleCompiler(Program, limits ?? new CompilerLimits(), maxWaiting: 1);
        return await CompileAsync(compiler, wasm, preinitialization: preinitialization);
    }

    private static async Task<MemoryStream> CompileAsync(
        ModuleCompiler compiler, byte[] wasm, string tenant = "team", Preinitialization preinitialization = Preinitialization.None)
    {
        var code = new MemoryStream();
        await compiler.CompileAsync(tenant, wasm, preinitialization, code, Cancellation);
        return code;
    }

    private static Task<GuestLoadException> RefuseAsync(byte[] wasm, CompilerLimits? limits = null) =>
        Assert.ThrowsAsync<GuestLoadException>(() => CompileAsync(wasm, limits));

    /// <summary>Half of the processors, and no more memory than there is, of which the runtime keeps a quarter of its own in a container.</summary>
    [Theory]
    [InlineData(2, 24L << 30, 1, 768L << 20)]
    [InlineData(16, 24L << 30, 8, 768L << 20)]
    [InlineData(64, 6L << 30, 8, 768L << 20)]
    [InlineData(64, 768L << 20, 1, 768L << 20)]
    [InlineData(64, 384L << 20, 1, 384L << 20)]
    [InlineData(1, 24L << 30, 1, 768L << 20)]
    public void Compilations_TakeNoMoreThanThereIs(int processors, long memory, int atATime, long memoryOfEach)
    {
        var limits = new CompilerLimits().Within(memory);

        Assert.Equal((atATime, memoryOfEach), (limits.AtATime(processors, memory), limits.Memory));
    }

    [Fact]
    public async Task NativeCode_FitsThisProcess()
    {
        using var code = await CompileAsync(Encoding.UTF8.GetBytes(Wat.Printing("hello")));

        using var guest = SharedEngine.Instance.Load(code.ToArray());
        Assert.True(guest.HasExport("_start"));
    }

    [Fact]
    public async Task VariableOfWasmtime_DoesNotMakeItsCodeUnfit()
    {
        using var folder = new TempDirectory("backtrace");
        await using var runtime = ProductProcess.Start(
            "env", "WASMTIME_BACKTRACE_DETAILS=1", Program[0], "serve", folder.Write("hello.wat", Wat.Printing("hello")),
            "-l", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--module-cache", folder.PathOf("cache"));

        await runtime.WaitForLogAsync(log => log.Contains("Serving http", StringComparison.Ordinal) || log.Contains("could not be loaded", StringComparison.Ordinal) ? log : null, Cancellation);

        Assert.DoesNotContain("does not fit", runtime.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("could not be loaded", runtime.Log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Preinitialization.Deterministic, "not preinitialized: it calls random_get, which is refused while a module is initialized before its first request; 'with-random' gives it random numbers")]
    [InlineData(Preinitialization.WithRandom, "")]
    public async Task Initialization_IsRunThere(Preinitialization preinitialization, string remark)
    {
        const string Wat = """
            (module
              (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
              (memory (export "memory") 1)
              (func (export "_initialize") (drop (call $random (i32.const 0) (i32.const 8))))
              (func (export "_start") (if (i64.eqz (i64.load (i32.const 0))) (then unreachable))))
            """;
        using var code = await CompileAsync(Encoding.UTF8.GetBytes(Wat), preinitialization: preinitialization);

        using var guest = SharedEngine.Instance.Load(code.ToArray());
        Assert.Equal(remark, guest.Remark);
        Assert.Equal(remark.Length == 0, guest.IsPreinitialized);
        Assert.Equal(GuestOutcome.Completed, guest.Run(new GuestRun()).Outcome);
    }

    [Fact]
    public async Task InitializationThatFillsAsMuchMemoryAsItMay_IsKept_WithinTheLimitsOfACompilation()
    {
        const string Wat = """
            (module
              (memory (export "memory") 1023)
              (func (export "_initialize")
                (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))
                (memory.fill (i32.const 0) (i32.const 7) (i32.const 67108864))
                (if (i32.ne (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable)))
              (func (export "_start") (if (i32.ne (i32.load8_u (i32.const 67108863)) (i32.const 7)) (then unreachable))))
            """;
        using var code = await CompileAsync(Encoding.UTF8.GetBytes(Wat), preinitialization: Preinitialization.Deterministic);

        using var guest = SharedEngine.Instance.Load(code.ToArray());
        Assert.Equal("", guest.Remark);
        Assert.Equal(GuestOutcome.Completed, guest.Run(new GuestRun()).Outcome);
    }

    [Theory]
    [InlineData("(module (func (export \"f\") (result i32)))", ModuleReason.CompileFailed, "the module cannot be compiled: ")]
    [InlineData("(modul)", ModuleReason.NotWasm, "the module is not WebAssembly, and not WebAssembly text either: ")]
    [InlineData("", ModuleReason.NotWasm, "the module is empty")]
    public async Task ModuleThatIsWrong_IsRefused_AsInThisProcess(string text, string reason, string message)
    {
        var there = await RefuseAsync(Encoding.UTF8.GetBytes(text));
        var here = Assert.Throws<GuestLoadException>(() => SharedEngine.Instance.Compile(Encoding.UTF8.GetBytes(text)));

        Assert.Equal(reason, there.Reason);
        Assert.StartsWith(message, there.Message, StringComparison.Ordinal);
        Assert.Equal((here.Reason, here.Message), (there.Reason, there.Message));
    }

    [Fact]
    public async Task CompilationThatTakesMoreMemoryThanItMay_Fails_AndNothingElse()
    {
        var refused = await RefuseAsync(CompileBomb.Create(), new CompilerLimits { Memory = 96L << 20 });

        Assert.Equal(ModuleReason.CompileFailed, refused.Reason);
        Assert.Equal("the compiler broke off, most likely for lack of memory: it may use 96Mi of memory and 2m of processor time", refused.Message);
        Assert.False(refused.IsWorthRetrying);
    }

    [Fact]
    public async Task CompilationThatTakesLongerThanItMay_Fails()
    {
        var refused = await RefuseAsync(CompileBomb.Create(), new CompilerLimits { Memory = 8L << 30, Time = TimeSpan.FromSeconds(1) });

        Assert.Equal(ModuleReason.CompileFailed, refused.Reason);
        Assert.Equal("the module takes too long to compile: it may use 8Gi of memory and 1s of processor time", refused.Message);
    }

    [Fact]
    public async Task CompilerThatCannotBeStarted_IsTriedAgain()
    {
        using var compiler = new ModuleCompiler(["/nowhere/wagi"], new CompilerLimits(), maxWaiting: 1);

        var refused = await Assert.ThrowsAsync<GuestLoadException>(() => CompileAsync(compiler, Encoding.UTF8.GetBytes(Wat.Printing("hello"))));

        Assert.StartsWith("the compiler cannot be started: ", refused.Message, StringComparison.Ordinal);
        Assert.True(refused.IsWorthRetrying);
    }

    [Fact]
    public async Task Secrets_OfTheServer_AreNotTheCompilers()
    {
        // The compiler here is the shell, which prints its environment and gives no answer.
        Environment.SetEnvironmentVariable("WAGI_TEST_SECRET", "hidden");
        using var folder = new TempDirectory("compiler");
        using var compiler = new ModuleCompiler(["/bin/sh", "-c", $"env > {folder.PathOf("printed")}"], new CompilerLimits(), maxWaiting: 1);

        var refused = await Assert.ThrowsAsync<GuestLoadException>(() => CompileAsync(compiler, Encoding.UTF8.GetBytes(Wat.Printing("hello"))));

        Assert.StartsWith("the compiler ended with exit code 0", refused.Message, StringComparison.Ordinal);
        var environment = await File.ReadAllTextAsync(folder.PathOf("printed"), Cancellation);
        Assert.Contains("PATH=", environment, StringComparison.Ordinal);
        Assert.DoesNotContain("WAGI_TEST_SECRET", environment, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RefusalThatNeverEnds_IsReadAsFarAsAnybodyWould()
    {
        // The compiler here is the shell: a refusal (1) of 2^63 - 1 bytes.
        using var compiler = new ModuleCompiler(["/bin/sh", "-c", @"printf '\001\377\377\377\377\377\377\377\177'; exec yes"], new CompilerLimits(), maxWaiting: 1);

        var refused = await Assert.ThrowsAsync<GuestLoadException>(() => CompileAsync(compiler, Encoding.UTF8.GetBytes(Wat.Printing("hello"))));

        Assert.Equal(4096, refused.Message.Length);
        Assert.StartsWith("y\ny\n", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SmallModulesOfOneTenant_AreCompiledByOneProcess()
    {
        using var log = new StartLog();
        using var compiler = log.Compiler();

        for (var i = 0; i < 5; i++)
        {
            using var code = await CompileAsync(compiler, Encoding.UTF8.GetBytes(Wat.Printing($"hello {i}")));
            Assert.Equal($"hello {i}", Run(code));
        }

        await Assert.ThrowsAsync<GuestLoadException>(() => CompileAsync(compiler, "(modul)"u8.ToArray()));
        Assert.Single(log.Processes);
    }

    [Fact]
    public async Task ModulesOfOtherTenants_LargeOnes_AndThoseThatAreInitialized_HaveProcessesOfTheirOwn()
    {
        using var log = new StartLog();
        using var compiler = log.Compiler();
        var small = Encoding.UTF8.GetBytes(Wat.Printing("hello"));
        var large = Encoding.UTF8.GetBytes(Wat.Printing("hello") + new string(' ', 1 << 20));

        foreach (var tenant in (string[])["a", "b", "a"])
        {
            using var code = await CompileAsync(compiler, small, tenant);
        }

        Assert.Equal(3, log.Processes.Count);
        using var initialized = await CompileAsync(compiler, small, "a", Preinitialization.Deterministic);
        Assert.Equal(4, log.Processes.Count);
        using var compiled = await CompileAsync(compiler, large, "a");
        Assert.Equal(5, log.Processes.Count);
        await Eventually.Becomes(() => log.IsRunning(4), running => !running, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task ProcessThatEndsOverALaterModule_IsReplaced()
    {
        using var log = new StartLog();
        using var compiler = log.Compiler();
        using var first = await CompileAsync(compiler, Encoding.UTF8.GetBytes(Wat.Printing("first")));
        using (var process = Process.GetProcessById(log.Processes[0]))
        {
            process.Kill();
            await process.WaitForExitAsync(Cancellation);
        }

        using var second = await CompileAsync(compiler, Encoding.UTF8.GetBytes(Wat.Printing("second")));

        Assert.Equal("second", Run(second));
        Assert.Equal(2, log.Processes.Count);
    }

    /// <summary>A module that needs more than a used process has left is compiled by a new one; one that needs more than it may is not.</summary>
    [Fact]
    public async Task ModuleThatTakesMoreThanItMay_IsRefusedAsIfItWereTheFirst()
    {
        using var log = new StartLog();
        using var compiler = log.Compiler(new CompilerLimits { Memory = 128L << 20 });
        using var first = await CompileAsync(compiler, Encoding.UTF8.GetBytes(Wat.Printing("first")));
        var bomb = CompileBomb.Create(functions: 1_000, size: 1_000);
        Assert.InRange(bomb.Length, 900_000, 1 << 20);

        var refused = await Assert.ThrowsAsync<GuestLoadException>(() => CompileAsync(compiler, bomb));

        Assert.Equal("the compiler broke off, most likely for lack of memory: it may use 128Mi of memory and 2m of processor time", refused.Message);
        Assert.Equal(2, log.Processes.Count);
        using var last = await CompileAsync(compiler, Encoding.UTF8.GetBytes(Wat.Printing("last")));
        Assert.Equal("last", Run(last));
    }

    [Fact]
    public async Task ProcessThatHasWaitedForAMoment_IsEnded()
    {
        using var log = new StartLog();
        using var compiler = log.Compiler();
        using var code = await CompileAsync(compiler, Encoding.UTF8.GetBytes(Wat.Printing("hello")));
        Assert.True(log.IsRunning(0));

        await Eventually.Becomes(() => log.IsRunning(0), running => !running, TimeSpan.FromSeconds(30));
    }

    private static string Run(MemoryStream code)
    {
        using var guest = SharedEngine.Instance.Load(code.ToArray());
        var output = new CapturedOutput(1000);
        Assert.Equal(GuestOutcome.Completed, guest.Run(new GuestRun { Stdout = output }).Outcome);
        return Encoding.UTF8.GetString(output.Bytes);
    }

    /// <summary>Writes down the number of each compiler that is started.</summary>
    private sealed class StartLog : IDisposable
    {
        private readonly TempDirectory _folder = new("compilers");

        public List<int> Processes => [.. File.ReadAllLines(_folder.PathOf("started")).Select(line => int.Parse(line, CultureInfo.InvariantCulture))];

        public ModuleCompiler Compiler(CompilerLimits? limits = null) => new(
            ["/bin/sh", "-c", $"echo $$ >> {_folder.PathOf("started")}; exec {Program[0]} \"$@\"", "sh"], limits ?? new CompilerLimits(), maxWaiting: 1);

        /// <summary>Whether one is still there, by the order in which they were started.</summary>
        public bool IsRunning(int index) => Directory.Exists($"/proc/{Processes[index]}");

        public void Dispose() => _folder.Dispose();
    }
}
