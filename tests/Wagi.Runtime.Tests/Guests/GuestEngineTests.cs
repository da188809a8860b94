using System.Runtime.CompilerServices;
using System.Text;
using Wagi.Modules.Status;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Interop;
using Wagi.Runtime.Outbound;
using Wagi.Runtime.Tests.Harness;
using Wagi.Runtime.Worlds;

namespace Wagi.Runtime.Tests.Guests;

public class GuestEngineTests
{
    private const string Hello = "(module (memory (export \"memory\") 1) (func (export \"_start\")))";

    private static GuestEngine Engine => SharedEngine.Instance;

    private static byte[] Compile(string wat) => Engine.Compile(Encoding.UTF8.GetBytes(wat));

    [Theory]
    [InlineData("", ModuleReason.NotWasm, "empty")]
    [InlineData("hello", ModuleReason.NotWasm, "not WebAssembly")]
    [InlineData("(module", ModuleReason.NotWasm, "expected")]
    [InlineData("\u0001\0\u0002", ModuleReason.NotWasm, "neither")]
    [InlineData("\0asm\u0001\0\0\0\u0001", ModuleReason.CompileFailed, "cannot be compiled")]
    [InlineData("\0asm\r\0\u0001\0\u0001", ModuleReason.CompileFailed, "cannot be compiled")]
    [InlineData("(module (func (result i32)))", ModuleReason.CompileFailed, "type mismatch")]
    [InlineData("(module (memory 1 1 shared))", ModuleReason.CompileFailed, "shared")]
    [InlineData("(module (memory 1) (memory 1) (memory 1))", ModuleReason.CompileFailed, "memor")]
    public void Compile_Refuses_WhatIsNoModule(string text, string reason, string message)
    {
        var exception = Assert.Throws<GuestLoadException>(() => Compile(text));

        Assert.Equal(reason, exception.Reason);
        Assert.Contains(message, exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', exception.Message);
    }

    [Fact]
    public void NativeCode_IsLoaded_FromBytesAndFromAFile()
    {
        var path = Path.GetTempFileName();
        File.WriteAllBytes(path, Compile(Hello));

        using var fromBytes = Engine.Load(Compile(Hello));
        using var fromFile = Engine.LoadFile(path);
        File.Delete(path);

        Assert.Equal(GuestOutcome.Completed, fromBytes.Run(new GuestRun()).Outcome);
        Assert.Equal(GuestOutcome.Completed, fromFile.Run(new GuestRun()).Outcome);
    }

    [Fact]
    public void NativeCode_OfAnotherEngine_IsRefused()
    {
        var code = Compile(Hello);
        var wrong = Encoding.ASCII.GetString(code).IndexOf("x86_64", StringComparison.Ordinal);
        var other = wrong < 0 ? code[..^10] : [.. code[..wrong], (byte)'y', .. code[(wrong + 1)..]];

        Assert.Equal(ModuleReason.CompileFailed, Assert.Throws<GuestLoadException>(() => Engine.Load(other)).Reason);
        Assert.Equal(ModuleReason.CompileFailed, Assert.Throws<GuestLoadException>(() => Engine.Load([1, 2, 3])).Reason);
        Assert.Equal(ModuleReason.CompileFailed, Assert.Throws<GuestLoadException>(() => Engine.LoadFile("/no/such/file")).Reason);
    }

    [Fact]
    public void CompatibilityKey_IsTheSame_ForTheSameSettings()
    {
        using var same = GuestEngines.Create(new GuestEngineOptions { MaxInstances = 3 });

        Assert.Equal(Engine.CompatibilityKey, same.CompatibilityKey);
        Assert.Matches("^[0-9a-f]{32}$", same.CompatibilityKey);
        using var guest = same.Load(Compile(Hello));
        Assert.Equal(GuestOutcome.Completed, guest.Run(new GuestRun()).Outcome);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10_001)]
    public void Options_OutOfRange_AreRefused(int instances)
    {
        var exception = Assert.Throws<ArgumentException>(() => GuestEngines.Create(new GuestEngineOptions { MaxInstances = instances }));

        Assert.Contains($"MaxInstances is {instances}", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_Names_EveryImportThatIsNotOffered()
    {
        using var guest = SharedEngine.Load("""
            (module
              (import "env" "b" (func)) (import "env" "a" (global i32)) (import "wasi_snapshot_preview1" "fd_teleport" (func))
              (import "wasi_snapshot_preview1" "fd_close" (func (param i32) (result i32)))
              (func (export "_start")))
            """);

        var exception = Assert.Throws<GuestLoadException>(() => guest.Check(null));

        Assert.Equal(ModuleReason.UnknownImport, exception.Reason);
        Assert.Equal(
            "the module imports env.b, env.a, wasi_snapshot_preview1.fd_teleport; this runtime offers WASI preview 1 (wasi_snapshot_preview1)"
            + " and outbound HTTP (wasi_experimental_http)",
            exception.Message);
    }

    [Fact]
    public void Check_Refuses_AnImportOfAnotherType()
    {
        using var guest = SharedEngine.Load("""
            (module (import "wasi_snapshot_preview1" "fd_close" (func (param i64) (result i32))) (func (export "_start")))
            """);

        var exception = Assert.Throws<GuestLoadException>(() => guest.Check(null));

        Assert.Equal(ModuleReason.UnknownImport, exception.Reason);
        Assert.Contains("fd_close", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "does not export a function '_start'; it exports hello")]
    [InlineData("memory", "does not export a function 'memory'")]
    [InlineData("add", "takes 2 parameters")]
    public void Check_Names_TheEntrypointThatIsMissing(string? entrypoint, string message)
    {
        using var guest = SharedEngine.Load("""
            (module (memory (export "memory") 1) (func (export "hello")) (func (export "add") (param i32 i32)))
            """);

        var exception = Assert.Throws<GuestLoadException>(() => guest.Check(entrypoint));

        Assert.Equal(ModuleReason.EntrypointMissing, exception.Reason);
        Assert.Contains(message, exception.Message, StringComparison.Ordinal);
        guest.Check("hello");
        Assert.True(guest.HasExport("add"));
        Assert.False(guest.HasExport("memory"));
    }

    [Fact]
    public void Reactor_IsInitialised_BeforeItsEntrypointIsCalled()
    {
        using var guest = SharedEngine.Load("""
            (module
              (global $ready (mut i32) (i32.const 0))
              (func (export "_initialize") (global.set $ready (i32.const 1)))
              (func (export "hello") (result i32) (if (i32.eqz (global.get $ready)) (then unreachable)) (i32.const 5)))
            """);
        guest.Check("hello");

        Assert.Equal(GuestOutcome.Completed, guest.Run(new GuestRun(), "hello").Outcome);
    }

    [Fact]
    public void StartFunction_ThatTraps_AndModuleWithoutMemory_AreTold()
    {
        using var trapping = SharedEngine.Load("(module (func $s unreachable) (start $s) (func (export \"_start\")))");
        using var blind = SharedEngine.Load("""
            (module (import "wasi_snapshot_preview1" "sched_yield" (func $y (result i32))) (func (export "_start") (drop (call $y))))
            """);

        var trapped = trapping.Run(new GuestRun());
        var blinded = blind.Run(new GuestRun());

        Assert.Contains("unreachable", trapped.Message, StringComparison.Ordinal);
        Assert.Equal(GuestOutcome.Trapped, blinded.Outcome);
        Assert.Contains("'memory'", blinded.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Unstable_Wasi_HasItsOwnLayouts()
    {
        // Two subscriptions of 56 bytes: a clock 20 ms away (its id at 24, its time at 32) and stdin.
        using var guest = SharedEngine.Load("""
            (module
              (import "wasi_unstable" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
              (import "wasi_unstable" "fd_filestat_get" (func $stat (param i32 i32) (result i32)))
              (import "wasi_unstable" "proc_exit" (func $exit (param i32)))
              (memory (export "memory") 1)
              (func (export "_start")
                (i32.store (i32.const 24) (i32.const 1))
                (i64.store (i32.const 32) (i64.const 20000000000))
                (i64.store (i32.const 56) (i64.const 42))
                (i32.store8 (i32.const 64) (i32.const 1))
                (if (call $poll (i32.const 0) (i32.const 256) (i32.const 2) (i32.const 512)) (then unreachable))
                (if (i32.ne (i32.load (i32.const 256)) (i32.const 42)) (then unreachable))
                (i32.store (i32.const 1080) (i32.const 7))
                (if (call $stat (i32.const 1) (i32.const 1024)) (then unreachable))
                (call $exit (i32.load (i32.const 1080)))))
            """);
        guest.Check(null);

        Assert.Equal(7, guest.Run(new GuestRun()).ExitCode);
    }

    [Fact]
    public void Guest_ThatIsDisposed_CannotBeRun()
    {
        var guest = SharedEngine.Load(Hello);
        guest.Dispose();
        guest.Dispose();

        Assert.Throws<ObjectDisposedException>(() => guest.Run(new GuestRun()));
    }

    [Fact]
    public void Output_ThatThrows_StopsTheGuest_AndIsKept()
    {
        using var guest = SharedEngine.Load(Wat.Printing("hello"));
        var process = new GuestRun { Stdout = new BrokenOutput() };

        var result = guest.Run(process);

        Assert.Equal(GuestOutcome.OutputRefused, result.Outcome);
        Assert.IsType<InvalidDataException>(process.Failure);
    }

    [Fact]
    public void EpochTicker_Wakes_AfterAPause()
    {
        using var engine = GuestEngines.Create(new GuestEngineOptions { MaxInstances = 1, Tick = TimeSpan.FromMilliseconds(1) });
        using var guest = engine.Load(Compile("(module (func (export \"_start\") (loop $l (br $l))))"));
        var watch = System.Diagnostics.Stopwatch.StartNew();
        while (!engine.IsResting)
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20));
            Thread.Yield();
        }

        var result = guest.Run(new GuestRun { Timeout = TimeSpan.FromMilliseconds(50) });

        Assert.Equal(GuestOutcome.DeadlineExceeded, result.Outcome);
    }

    [Fact]
    public void Engine_ThatIsDisposed_StaysForTheGuestsThatItHas()
    {
        var engine = GuestEngines.Create(new GuestEngineOptions { MaxInstances = 1, Tick = TimeSpan.FromMilliseconds(1) });
        var code = engine.Compile(Encoding.UTF8.GetBytes("(module (func (export \"_start\") (loop $l (br $l))))"));
        using var guest = engine.Load(code);

        engine.Dispose();
        engine.Dispose();

        Assert.Equal(GuestOutcome.DeadlineExceeded, guest.Run(new GuestRun { Timeout = TimeSpan.FromMilliseconds(20) }).Outcome);
        guest.Dispose();
        Assert.Throws<ObjectDisposedException>(() => engine.Load(code));
    }

    [Fact]
    public void Run_WhoseFilesThrow_LeavesNothingBehind()
    {
        using var engine = GuestEngines.Create(new GuestEngineOptions { MaxInstances = 1 });
        using var guest = engine.Load(Compile(Hello));

        var (run, exception, _) = RunOnce(guest, new BrokenFiles());

        Assert.IsType<InvalidDataException>(exception);
        Assert.Equal(0, engine.Running);
        GC.Collect();
        Assert.False(run.IsAlive);
        Assert.Equal(GuestOutcome.Completed, guest.Run(new GuestRun()).Outcome);
    }

    [Fact]
    public void Run_OfAComponentThatReturnsAnotherType_Traps_AndLeavesNothingBehind()
    {
        using var engine = GuestEngines.Create(new GuestEngineOptions { MaxInstances = 1, Tick = TimeSpan.FromMilliseconds(1) });
        using var guest = engine.Load(Compile("""
            (component
              (core module $code
                (func (export "f") (result i32) (local $i i32)
                  (loop $l
                    (local.set $i (i32.add (local.get $i) (i32.const 1)))
                    (br_if $l (i32.lt_u (local.get $i) (i32.const 50000000))))
                  (i32.const 7)))
              (core instance $instance (instantiate $code))
              (func $run (result u32) (canon lift (core func $instance "f")))
              (instance $exported (export "run" (func $run)))
              (export "wasi:cli/run@0.2.0" (instance $exported)))
            """));
        guest.Check(null);

        var (run, exception, outcome) = RunOnce(guest);

        Assert.Null(exception);
        Assert.Equal(GuestOutcome.Trapped, outcome);
        Assert.Equal(0, engine.ThreadsKept);
        Assert.Equal(0, engine.Running);
        GC.Collect();
        Assert.False(run.IsAlive);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (WeakReference Run, Exception? Exception, GuestOutcome? Outcome) RunOnce(Guest guest, IGuestFiles? files = null)
    {
        var run = new GuestRun { Files = files };
        GuestOutcome? outcome = null;
        var exception = Record.Exception(() => { outcome = guest.Run(run).Outcome; });
        return (new WeakReference(run), exception, outcome);
    }

    private sealed class BrokenFiles : IGuestFiles
    {
        public string? Open(in WasmStore store) => throw new InvalidDataException("broken");
    }

    private sealed class BrokenOutput : IGuestOutput
    {
        public CancellationToken Aborted => CancellationToken.None;

        public bool Write(ReadOnlySpan<byte> bytes) => throw new InvalidDataException("broken");

        public bool Flush() => true;
    }

    [Fact]
    public void ModulesAboveTheirNumber_AreRefused_UntilOthersAreUnloaded()
    {
        using var engine = GuestEngines.Create(new GuestEngineOptions { MaxInstances = 1, MaxGuests = 2 });
        var code = engine.Compile("(module)"u8);
        using var first = engine.Load(code);
        var second = engine.Load(code);

        var refused = Assert.Throws<GuestLoadException>(() => engine.Load(code));
        Assert.Equal(ModuleReason.TooManyModules, refused.Reason);
        Assert.True(refused.IsWorthRetrying);

        second.Dispose();
        engine.Load(code).Dispose();
    }
}
