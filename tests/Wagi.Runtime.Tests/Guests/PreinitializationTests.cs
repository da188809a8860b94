using System.Text;
using Wagi.Modules.Configuration;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Outbound;
using Wagi.Runtime.Tests.Harness;
using Wagi.Runtime.Worlds;

namespace Wagi.Runtime.Tests.Guests;

/// <summary>A module that was initialized when it was compiled answers as one that initializes itself in each request, and does not.</summary>
[Collection(AloneCollection.Name)]
public sealed class PreinitializationTests : IDisposable
{
    private const string Wasi = """
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
        (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
        (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        """;

    /// <summary>Writes 64 bytes from 1024 on.</summary>
    private const string Dump = """
        (func $dump
          (i32.store (i32.const 0) (i32.const 1024))
          (i32.store (i32.const 4) (i32.const 64))
          (if (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)) (then unreachable)))
        """;

    private readonly GuestEngine _slots = GuestEngines.Create(new GuestEngineOptions { MaxInstances = 2 });
    private readonly GuestEngine _pool = GuestEngines.Create(new GuestEngineOptions { MaxInstances = 2, Memories = GuestMemories.Pool });

    public void Dispose()
    {
        _slots.Dispose();
        _pool.Dispose();
    }

    private static string Module(string content) => $"(module {Wasi} (memory (export \"memory\") 1) {Dump} {content})";

    private static Guest Load(GuestEngine engine, string wat, Preinitialization kind) => engine.Load(engine.Compile(Encoding.UTF8.GetBytes(wat), kind));

    private static (GuestResult Result, string Stdout) Run(Guest guest, string? entrypoint = null, long memoryLimit = 64 << 20)
    {
        var stdout = new CapturedOutput(1 << 20);
        var run = new GuestRun { Stdout = stdout, MemoryLimit = memoryLimit };
        run.Environment.Add("NAME=value");
        return (guest.Run(run, entrypoint), Convert.ToHexString(stdout.Bytes));
    }

    private string RemarkOf(string wat, Preinitialization kind = Preinitialization.Deterministic)
    {
        using var guest = Load(_slots, wat, kind);
        return guest.Remark;
    }

    /// <summary>Three requests in a row, with and without, with both kinds of memory.</summary>
    private void AssertSame(string wat)
    {
        foreach (var engine in new[] { _slots, _pool })
        {
            using var without = Load(engine, wat, Preinitialization.None);
            using var with = Load(engine, wat, Preinitialization.Deterministic);
            Assert.Equal("", with.Remark);
            var expected = Run(without);
            Assert.Equal(GuestOutcome.Completed, expected.Result.Outcome);
            for (var i = 0; i < 3; i++)
            {
                Assert.Equal(expected, Run(with));
            }
        }
    }

    [Theory]
    [InlineData("_initialize")]
    [InlineData("wizer-initialize")]
    [InlineData("wizer.initialize")]
    public void Memory_IsAsItsInitializationLeftIt(string initializer)
    {
        // The last of the pages that it grows is written to, and data of its own is overwritten.
        var wat = Module($"""
            (data (i32.const 1024) "abcdef")
            (func $initialize (export "{initializer}")
              (if (i32.ne (memory.grow (i32.const 9)) (i32.const 1)) (then unreachable))
              (i32.store8 (i32.const 1025) (i32.const 0x58))
              (i32.store8 (i32.const 1027) (i32.const 0))
              (i64.store (i32.const 655352) (i64.const 0x1122334455667788)))
            (func (export "_start")
              {(initializer == "_initialize" ? "" : "(if (i32.eq (memory.size) (i32.const 1)) (then (call $initialize)))")}
              (i32.store (i32.const 1040) (memory.size))
              (i64.store (i32.const 1048) (i64.load (i32.const 655352)))
              (i64.store (i32.const 655352) (i64.const 0))
              (call $dump))
            """);

        AssertSame(wat);
    }

    [Fact]
    public void Globals_OfEachType_AreAsItsInitializationLeftThem() => AssertSame(Module("""
        (type $number (func (result i32)))
        (table $t 2 funcref)
        (elem declare func $seven $eight)
        (global $constant i32 (i32.const 5))
        (global $i32 (mut i32) (i32.const 1))
        (global $i64 (mut i64) (i64.const 1))
        (global $f32 (mut f32) (f32.const 1))
        (global $f64 (mut f64) (f64.const 1))
        (global $v128 (mut v128) (v128.const i64x2 1 2))
        (global $func (mut funcref) (ref.func $eight))
        (global $none (mut funcref) (ref.func $eight))
        (global $kept (mut funcref) (ref.null func))
        (func $seven (result i32) (i32.const 7))
        (func $eight (result i32) (i32.const 8))
        (func (export "_initialize")
          (global.set $i32 (i32.sub (i32.const -100000) (global.get $constant)))
          (global.set $i64 (i64.const -9223372036854775808))
          (global.set $f32 (f32.reinterpret_i32 (i32.const 0x7fc01234)))
          (global.set $f64 (f64.const -0.1))
          (global.set $v128 (v128.const i32x4 -1 2 -3 4))
          (global.set $func (ref.func $seven))
          (global.set $none (ref.null func)))
        (func (export "_start")
          (i32.store (i32.const 1024) (global.get $i32))
          (i64.store (i32.const 1028) (global.get $i64))
          (i32.store (i32.const 1036) (i32.reinterpret_f32 (global.get $f32)))
          (f64.store (i32.const 1040) (global.get $f64))
          (v128.store (i32.const 1048) (global.get $v128))
          (table.set $t (i32.const 0) (global.get $func))
          (i32.store (i32.const 1064) (call_indirect (type $number) (i32.const 0)))
          (i32.store (i32.const 1068) (ref.is_null (global.get $none)))
          (i32.store (i32.const 1072) (ref.is_null (global.get $kept)))
          (global.set $i32 (i32.const 0))
          (call $dump))
        """));

    [Fact]
    public void Tables_AreAsItsInitializationLeftThem() => AssertSame(Module("""
        (type $number (func (result i32)))
        (table $untouched 2 funcref)
        (table $changed 3 20 funcref)
        (elem (table $untouched) (i32.const 1) func $eight)
        (elem (table $changed) (i32.const 0) func $seven $eight $seven)
        (elem $passive func $eight)
        (func $seven (result i32) (i32.const 7))
        (func $eight (result i32) (i32.const 8))
        (func (export "_initialize")
          (table.set $changed (i32.const 0) (ref.null func))
          (table.set $changed (i32.const 2) (ref.func $eight))
          (if (i32.ne (table.grow $changed (ref.func $seven) (i32.const 4)) (i32.const 3)) (then unreachable)))
        (func (export "_start")
          (table.init $changed $passive (i32.const 4) (i32.const 0) (i32.const 1))
          (i32.store8 (i32.const 1024) (call_indirect $untouched (type $number) (i32.const 1)))
          (i32.store8 (i32.const 1025) (ref.is_null (table.get $untouched (i32.const 0))))
          (i32.store8 (i32.const 1026) (ref.is_null (table.get $changed (i32.const 0))))
          (i32.store8 (i32.const 1027) (call_indirect $changed (type $number) (i32.const 1)))
          (i32.store8 (i32.const 1028) (call_indirect $changed (type $number) (i32.const 2)))
          (i32.store8 (i32.const 1029) (call_indirect $changed (type $number) (i32.const 3)))
          (i32.store8 (i32.const 1030) (call_indirect $changed (type $number) (i32.const 4)))
          (i32.store8 (i32.const 1031) (table.size $changed))
          (i32.store8 (i32.const 1032) (table.grow $changed (ref.null func) (i32.const 14)))
          (call $dump))
        """));

    [Fact]
    public void Segments_KeepTheirNumbers() => AssertSame(Module("""
        (data $first "first")
        (data $active (i32.const 1024) "active")
        (data $second "second")
        (func (export "_initialize")
          (i32.store8 (i32.const 1030) (i32.const 0x21))
          (memory.init $first (i32.const 1031) (i32.const 0) (i32.const 2)))
        (func (export "_start")
          (memory.init $second (i32.const 1040) (i32.const 0) (i32.const 6))
          (memory.init $active (i32.const 1046) (i32.const 0) (i32.const 0))
          (call $dump))
        """));

    [Fact]
    public void StartFunction_IsRunOnce_BeforeTheInitialization() => AssertSame(Module("""
        (table $t 1 funcref)
        (elem declare func $dump)
        (func $begin
          (table.set $t (i32.const 0) (ref.func $dump))
          (i32.store (i32.const 1024) (i32.add (i32.load (i32.const 1024)) (i32.const 1))))
        (start $begin)
        (func (export "_initialize") (i32.store (i32.const 1028) (i32.add (i32.load (i32.const 1024)) (i32.const 1))))
        (func (export "_start") (call_indirect (i32.const 0)))
        """));

    [Fact]
    public void BothInitializations_AreRun_TheReactorsFirst()
    {
        using var guest = Load(_slots, Module("""
            (func (export "wizer-initialize") (i32.store (i32.const 1024) (i32.mul (i32.load (i32.const 1024)) (i32.const 10))))
            (func (export "_initialize") (i32.store (i32.const 1024) (i32.add (i32.load (i32.const 1024)) (i32.const 1))))
            (func (export "_start") (call $dump))
            """), Preinitialization.Deterministic);

        Assert.StartsWith("0A000000", Run(guest).Stdout, StringComparison.Ordinal);
    }

    [Fact]
    public void Resume_TakesThePlaceOfStart()
    {
        using var guest = Load(_slots, Module("""
            (func (export "wizer.initialize") (i32.store8 (i32.const 1024) (i32.const 1)))
            (func (export "_start") unreachable)
            (func (export "wizer.resume") (call $dump))
            """), Preinitialization.Deterministic);

        Assert.StartsWith("0100", Run(guest).Stdout, StringComparison.Ordinal);
    }

    [Fact]
    public void Initialization_SeesNoRequest_AndTimeStandsStill()
    {
        using var guest = Load(_slots, Module("""
            (func $look (param $at i32)
              (if (call $environ (local.get $at) (i32.const 512)) (then unreachable))
              (if (call $clock (i32.const 0) (i64.const 1) (i32.add (local.get $at) (i32.const 8))) (then unreachable))
              (if (call $clock (i32.const 1) (i64.const 1) (i32.add (local.get $at) (i32.const 16))) (then unreachable)))
            (func (export "_initialize") (call $look (i32.const 1024)))
            (func (export "_start") (call $look (i32.const 1048)) (call $dump))
            """), Preinitialization.Deterministic);

        var seen = Convert.FromHexString(Run(guest).Stdout);

        Assert.Equal(0, BitConverter.ToInt32(seen, 0));
        Assert.Equal(0L, BitConverter.ToInt64(seen, 8));
        Assert.Equal(1L, BitConverter.ToInt64(seen, 16));
        Assert.Equal(1, BitConverter.ToInt32(seen, 24));
        Assert.True(BitConverter.ToInt64(seen, 32) > 1_700_000_000_000_000_000L);
    }

    [Theory]
    [InlineData("(drop (call $random (i32.const 1024) (i32.const 8)))", "it calls random_get, which is refused")]
    [InlineData("(drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))", "it calls fd_read, which is refused")]
    [InlineData("(drop (call $close (i32.const 0)))", "it calls fd_close, which is refused")]
    [InlineData("(drop (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 0)))", "it calls path_open, which is refused")]
    [InlineData("(call $http)", "wasi_experimental_http::close")]
    [InlineData("(call $dump)", "it writes to stdout")]
    [InlineData("(call $exit (i32.const 0))", "it ends itself (proc_exit)")]
    [InlineData("(call $say) (call $exit (i32.const 3))", "it ends itself (proc_exit) with exit code 3; it writes to stderr: no | good")]
    [InlineData("unreachable", "wasm `unreachable` instruction executed")]
    [InlineData("(drop (memory.grow (i32.const 60000))) (i32.store (i32.const 655352) (i32.const 1))", "out of bounds memory access")]
    public void WhatCannotBeKept_IsNamed_AndTheModuleRunsWithout(string initialization, string problem)
    {
        var wat = Module($"""
            (data (i32.const 2048) "no\0agood\0a")
            (func $say
              (i32.store (i32.const 0) (i32.const 2048))
              (i32.store (i32.const 4) (i32.const 8))
              (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8))))
            (func (export "wizer-initialize") {initialization})
            (func (export "_start") (call $dump))
            """);
        wat = wat.Replace("(memory ", """(import "wasi_experimental_http" "close" (func $close_http (param i32) (result i32))) (memory """, StringComparison.Ordinal)
            .Replace("(call $http)", "(drop (call $close_http (i32.const 0)))", StringComparison.Ordinal);

        using var guest = Load(_slots, wat, Preinitialization.Deterministic);

        Assert.StartsWith("not preinitialized: ", guest.Remark, StringComparison.Ordinal);
        Assert.Contains(problem, guest.Remark, StringComparison.Ordinal);
        Assert.Equal((new GuestResult(GuestOutcome.Completed, 0, ""), new string('0', 128)), Run(guest));
    }

    [Theory]
    [InlineData("(func (export \"_start\"))", "it does not export _initialize, wizer-initialize or wizer.initialize")]
    [InlineData("(func (export \"_initialize\") (param i32)) (func (export \"_start\"))", "its function '_initialize' has parameters or results")]
    [InlineData("(table 1 externref) (func (export \"_initialize\")) (func (export \"_start\"))", "its table 0 holds other references than to functions")]
    [InlineData("(global (mut externref) (ref.null extern)) (func (export \"_initialize\")) (func (export \"_start\"))", "its global 0 is of a type that cannot be kept")]
    public void ModuleThatIsNotFitForIt_SaysSo(string content, string problem) =>
        Assert.Contains(problem, RemarkOf(Module(content)), StringComparison.Ordinal);

    [Fact]
    public void InitializationWithoutEnd_IsGivenUp()
    {
        var wasm = GuestEngine.ToWasm(Encoding.UTF8.GetBytes(Module("(func (export \"_initialize\") (loop $again (br $again)))")));

        var failure = Assert.Throws<InvalidDataException>(() =>
            Preinitializer.Run(_slots, wasm, Preinitialization.Deterministic, TimeSpan.FromMilliseconds(50)));

        Assert.Equal("it takes longer than 50ms", failure.Message);
    }

    [Fact]
    public void RandomNumbers_AreGivenWhereTheyAreAllowed_AndDifferBetweenRequestsAfterwards()
    {
        using var guest = Load(_slots, Module("""
            (func (export "_initialize") (drop (call $random (i32.const 1024) (i32.const 32))))
            (func (export "_start") (drop (call $random (i32.const 1056) (i32.const 32))) (call $dump))
            """), Preinitialization.WithRandom);

        Assert.Equal("", guest.Remark);
        var (first, second) = (Run(guest).Stdout, Run(guest).Stdout);
        Assert.NotEqual(new string('0', 64), first[..64]);
        Assert.Equal(first[..64], second[..64]);
        Assert.NotEqual(first[64..], second[64..]);
    }

    [Fact]
    public void MemoryLimit_HoldsAsBefore()
    {
        const string Wat = """(func (export "_initialize") (drop (memory.grow (i32.const 99)))) (func (export "_start") (call $dump))""";
        using var guest = Load(_slots, Module(Wat), Preinitialization.Deterministic);

        Assert.Equal(GuestOutcome.Completed, Run(guest, memoryLimit: 100 << 16).Result.Outcome);
        var (result, _) = Run(guest, memoryLimit: 99 << 16);
        Assert.Equal(GuestOutcome.NotStarted, result.Outcome);
        Assert.Contains("memory", result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Deadline_HoldsAsBefore()
    {
        const string Wat = """(func (export "_initialize") (i32.store (i32.const 0) (i32.const 7))) (func (export "_start") (call $dump)) (func (export "endless") (loop (br 0)))""";
        using var guest = Load(_slots, Module(Wat), Preinitialization.Deterministic);
        Assert.True(guest.IsPreinitialized);

        Assert.Equal(GuestOutcome.DeadlineExceeded, guest.Run(new GuestRun { Timeout = TimeSpan.FromMilliseconds(50) }, "endless").Outcome);
        Assert.Equal(GuestOutcome.Completed, Run(guest).Result.Outcome);
    }

    [Fact]
    public void Component_BeginsWithItsModuleInitialized()
    {
        // A command that fails unless it was initialized, as its own module does only once.
        const string Component = """
            (component
              (core module $Main
                (memory (export "memory") 1)
                (func (export "wizer-initialize") (i32.store (i32.const 0) (i32.const 42)))
                (func (export "run") (result i32) (i32.ne (i32.load (i32.const 0)) (i32.const 42))))
              (core instance $main (instantiate $Main))
              (func $run (result (result)) (canon lift (core func $main "run")))
              (instance $command (export "run" (func $run)))
              (export "wasi:cli/run@0.2.0" (instance $command)))
            """;
        using var without = Load(_slots, Component, Preinitialization.None);
        using var with = Load(_slots, Component, Preinitialization.Deterministic);

        Assert.Equal(GuestOutcome.Failed, Run(without).Result.Outcome);
        Assert.Equal("", with.Remark);
        Assert.Equal(GuestOutcome.Completed, Run(with).Result.Outcome);
    }

    [Theory]
    [InlineData("(component)", "no module of the component exports _initialize, wizer-initialize or wizer.initialize")]
    [InlineData("(component (core module (func (export \"_initialize\"))) (core module (func (export \"_initialize\"))))", "2 modules of the component export")]
    public void ComponentWithoutOneSuchModule_SaysSo(string component, string problem)
    {
        var wasm = GuestEngine.ToWasm(Encoding.UTF8.GetBytes(component));

        var failure = Assert.Throws<InvalidDataException>(() => Preinitializer.Run(_slots, wasm, Preinitialization.Deterministic));

        Assert.Contains(problem, failure.Message, StringComparison.Ordinal);
    }
}
