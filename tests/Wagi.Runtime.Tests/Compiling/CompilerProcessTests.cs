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
public sealed class CompilerProcessTests
{
    private static readonly string[] Program = [Path.Combine(AppContext.BaseDirectory, "wagi")];

    public CompilerProcessTests()
    {
        Assert.SkipWhen(TestTools.WhyNoProcess is not null, TestTools.WhyNoProcess ?? "");
        Assert.SkipUnless(OperatingSystem.IsLinux(), "limits of a process are Linux's");
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static async Task<MemoryStream> CompileAsync(
        byte[] wasm, CompilerLimits? limits = null, Preinitialization preinitialization = Preinitialization.None)
    {
        var code = new MemoryStream();
        await new CompilerProcess(Program, limits ?? new CompilerLimits()).CompileAsync(wasm, preinitialization, code, Cancellation);
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
        var compiler = new CompilerProcess(["/nowhere/wagi"], new CompilerLimits());

        var refused = await Assert.ThrowsAsync<GuestLoadException>(() => compiler.CompileAsync(Encoding.UTF8.GetBytes(Wat.Printing("hello")), Preinitialization.None, Stream.Null, Cancellation));

        Assert.StartsWith("the compiler cannot be started: ", refused.Message, StringComparison.Ordinal);
        Assert.True(refused.IsWorthRetrying);
    }

    [Fact]
    public async Task Secrets_OfTheServer_AreNotTheCompilers()
    {
        // The compiler here is the shell, which prints its environment in the place of native code.
        Environment.SetEnvironmentVariable("WAGI_TEST_SECRET", "hidden");
        using var printed = new MemoryStream();
        var compiler = new CompilerProcess(["/bin/sh", "-c", "env; cat >/dev/null"], new CompilerLimits());

        await compiler.CompileAsync(Encoding.UTF8.GetBytes(Wat.Printing("hello")), Preinitialization.None, printed, Cancellation);

        var environment = Encoding.UTF8.GetString(printed.ToArray());
        Assert.Contains("PATH=", environment, StringComparison.Ordinal);
        Assert.DoesNotContain("WAGI_TEST_SECRET", environment, StringComparison.Ordinal);
    }
}
