using System.Text;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Outbound;
using Wagi.Runtime.Tests.Harness;
using Wagi.Runtime.Worlds;

namespace Wagi.Runtime.Tests.Guests;

/// <summary>
/// A run in an instance that others have used is no different from one in an instance that is new: as Wasmtime makes it, which has no memories of
/// ours to keep instances with.
/// </summary>
[Collection(AloneCollection.Name)]
public sealed class RestoredInstancesTests : IDisposable
{
    private const string Imports = """
        (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
        """;

    /// <summary>Prints the eight bytes of a number.</summary>
    private const string Say = """
        (func $say (param i64)
          (i64.store (i32.const 16) (local.get 0)) (i32.store (i32.const 0) (i32.const 16)) (i32.store (i32.const 4) (i32.const 8))
          (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
        """;

    private readonly GuestEngine _restoring = GuestEngines.Create(new GuestEngineOptions { MaxInstances = 8, ModuleShare = 100 });
    private readonly GuestEngine _new = GuestEngines.Create(new GuestEngineOptions { MaxInstances = 8, Memories = GuestMemories.Pool });

    public void Dispose()
    {
        _restoring.Dispose();
        _new.Dispose();
    }

    private static byte[] Wasm(string content) => GuestEngine.ToWasm(Encoding.UTF8.GetBytes($"(module {Imports} {content} {Say})"));

    private static Guest Load(GuestEngine engine, string content) => engine.Load(engine.Compile(Wasm(content)));

    private static (GuestResult Result, string Printed) Run(Guest guest, string? entrypoint = null, long memory = 64 << 20)
    {
        var stdout = new CapturedOutput(1 << 16);
        IGuestOutput output = entrypoint == "client gone" ? new GoneClient(stdout) : stdout;
        var result = guest.Run(new GuestRun { Stdout = output, Timeout = TimeSpan.FromSeconds(entrypoint == "for ever" ? 0.1 : 30), MemoryLimit = memory }, entrypoint);
        return (result, Convert.ToHexString(stdout.Bytes));
    }

    /// <summary>Says how everything is that it can change, and changes it.</summary>
    public static TheoryData<string> Modules => new(
        """
        (memory (export "memory") 1)
        (global $a (mut i32) (i32.const 1)) (global $b (mut i64) (i64.const -2)) (global $c (mut f32) (f32.const 1.5)) (global $d (mut f64) (f64.const nan))
        (global $e (mut v128) (v128.const i64x2 3 4)) (global $f (export "mine") (mut i32) (i32.add (i32.const 40) (i32.const 2)))
        (func $change
          (call $say (i64.extend_i32_s (global.get $a))) (call $say (global.get $b)) (call $say (i64.extend_i32_u (i32.reinterpret_f32 (global.get $c))))
          (call $say (i64.reinterpret_f64 (global.get $d))) (call $say (i64x2.extract_lane 0 (global.get $e))) (call $say (i64x2.extract_lane 1 (global.get $e)))
          (call $say (i64.extend_i32_s (global.get $f)))
          (global.set $a (i32.const 7)) (global.set $b (i64.const 7)) (global.set $c (f32.const 7)) (global.set $d (f64.const 7))
          (global.set $e (v128.const i64x2 7 7)) (global.set $f (i32.const 7)))
        """,
        """
        (memory (export "memory") 2) (data (i32.const 70000) "data")
        (func $change
          (call $say (i64.extend_i32_u (memory.size))) (call $say (i64.load32_u (i32.const 70000))) (call $say (i64.load (i32.const 100000)))
          (call $say (i64.extend_i32_s (memory.grow (i32.const 3)))) (call $say (i64.load (i32.const 300000)))
          (memory.fill (i32.const 1000) (i32.const 255) (i32.const 320000)))
        """,
        """
        (memory (export "memory") 1) (table 2 funcref) (elem (i32.const 0) $one $two) (type $number (func (result i64)))
        (func $one (result i64) (i64.const 1)) (func $two (result i64) (i64.const 2))
        (func $change (call $say (call_indirect (type $number) (i32.const 0))) (table.set 0 (i32.const 0) (ref.func $two)))
        """,
        """
        (memory (export "memory") 1) (table 2 10 funcref) (elem (i32.const 0) $one $two) (elem $more func $two $two) (type $number (func (result i64)))
        (func $one (result i64) (i64.const 1)) (func $two (result i64) (i64.const 2))
        (func $change
          (call $say (call_indirect (type $number) (i32.const 0))) (call $say (i64.extend_i32_u (table.size 0)))
          (table.init $more (i32.const 0) (i32.const 0) (i32.const 2)) (elem.drop $more) (drop (table.grow 0 (ref.func $two) (i32.const 1))))
        """,
        """
        (memory (export "memory") 1) (data $more "abcdefgh")
        (func $change (memory.init $more (i32.const 100) (i32.const 0) (i32.const 8)) (call $say (i64.load (i32.const 100))) (data.drop $more))
        """,
        """
        (memory (export "memory") 1) (data $more "abcdefgh")
        (func $change
          (call $say (i64.load (i32.const 100))) (memory.init $more (i32.const 100) (i32.const 0) (i32.const 8)) (call $say (i64.load (i32.const 100))))
        """,
        """
        (memory (export "memory") 1) (global $started (mut i32) (i32.const 0)) (global $mine (mut i32) (i32.const 0))
        (func $begin (drop (memory.grow (i32.const 1))) (i32.store (i32.const 100) (i32.const 9)) (global.set $started (i32.add (global.get $started) (i32.const 1))))
        (start $begin)
        (func $change
          (call $say (i64.extend_i32_u (global.get $started))) (call $say (i64.extend_i32_u (memory.size))) (call $say (i64.load (i32.const 100)))
          (global.set $started (i32.const 5)) (i32.store (i32.const 100) (i32.const 8)))
        """,
        """
        (memory (export "memory") 1) (global $ready (mut i32) (i32.const 0))
        (func (export "_initialize") (global.set $ready (i32.add (global.get $ready) (i32.const 1))))
        (func $change (call $say (i64.extend_i32_u (global.get $ready))) (global.set $ready (i32.const 5)))
        """,
        """
        (memory (export "memory") 1) (global $f (mut funcref) (ref.null func))
        (func $change (call $say (i64.extend_i32_u (ref.is_null (global.get $f)))) (global.set $f (ref.func $change)))
        (elem declare func $change)
        """,
        """
        (memory (export "memory") 1)
        (func $change (call $say (i64.extend_i32_u (call $close (i32.const 2)))) (call $say (i64.extend_i32_u (call $close (i32.const 2)))))
        """);

    private const string Ends = """
        (func (export "_start") (call $change))
        (func (export "exit") (call $change) (call $exit (i32.const 0)))
        (func (export "fail") (call $change) (call $exit (i32.const 3)))
        (func (export "trap") (call $change) unreachable)
        (func (export "deep") (call $change) (call $deep (i32.const 0)))
        (func $deep (param i32) (call $deep (i32.add (local.get 0) (i32.const 1))))
        (func (export "for ever") (call $change) (loop (br 0)))
        (func (export "client gone") (call $change) (loop (br 0)))
        """;

    [Theory]
    [MemberData(nameof(Modules))]
    public void WhateverARunChanges_TheNextFindsAsItWas(string content)
    {
        using var restored = Load(_restoring, content + Ends);
        using var fresh = Load(_new, content + Ends);

        foreach (var entrypoint in new[] { null, null, "exit", null, "fail", null, "trap", null, "deep", "exit", "exit", "for ever", null, "client gone", null, null })
        {
            var (result, printed) = Run(restored, entrypoint);
            var (expected, expectedPrinted) = Run(fresh, entrypoint);
            Assert.Equal((expected.Outcome, expected.ExitCode, expectedPrinted), (result.Outcome, result.ExitCode, printed));
        }
    }

    [Fact]
    public void Instance_IsUsedAgain_UnlessItTrapped()
    {
        using var guest = Load(_restoring, "(memory (export \"memory\") 1) (func $change)" + Ends);
        var before = Restored;

        Run(guest);
        Assert.Equal(0, Restored - before);
        Run(guest);
        Run(guest, "exit");
        Run(guest, "fail");
        Run(guest);
        Assert.Equal(4, Restored - before);

        foreach (var end in new[] { "trap", "deep", "for ever" })
        {
            Run(guest, end);
            before = Restored;
            Run(guest);
            Assert.Equal(0, Restored - before);
        }
    }

    [Fact]
    public void Instance_OfWhichMoreCanChange_IsNotUsedAgain()
    {
        using var guest = Load(_restoring, "(memory (export \"memory\") 1) (table 1 funcref) (func $change (table.set 0 (i32.const 0) (ref.null func)))" + Ends);
        var before = Restored;

        Run(guest);
        Run(guest);

        Assert.Equal(0, Restored - before);
    }

    [Fact]
    public void Instance_IsNewForEachRun_IfThatIsWanted()
    {
        using var engine = GuestEngines.Create(new GuestEngineOptions { MaxInstances = 1, RestoresInstances = false });
        using var guest = Load(engine, "(memory (export \"memory\") 1) (func $begin (i32.store8 (i32.const 200) (i32.const 1))) (start $begin) (func $change (call $say (i64.load (i32.const 200))))" + Ends);

        Assert.Equal("0100000000000000", Run(guest).Printed);
        Assert.Equal("0100000000000000", Run(guest).Printed);

        Assert.Equal(0, engine.OwnMemories!.InstancesTaken);
    }

    [Fact]
    public void MemoryLimit_IsThatOfTheRun()
    {
        using var guest = Load(_restoring, "(memory (export \"memory\") 1) (func $change (call $say (i64.extend_i32_s (memory.grow (i32.const 20)))))" + Ends);

        Assert.Equal("0100000000000000", Run(guest).Printed);
        Assert.Equal("FFFFFFFFFFFFFFFF", Run(guest, memory: 1 << 20).Printed);
        Assert.Equal("0100000000000000", Run(guest).Printed);
    }

    [Fact]
    public void StartThatTraps_IsNoStart()
    {
        const string Module = "(memory (export \"memory\") 1) (func $begin unreachable) (start $begin) (func $change)";
        using var restored = Load(_restoring, Module + Ends);
        using var fresh = Load(_new, Module + Ends);

        for (var i = 0; i < 2; i++)
        {
            Assert.Equal(GuestOutcome.NotStarted, Run(restored).Result.Outcome);
            Assert.Equal(GuestOutcome.NotStarted, Run(fresh).Result.Outcome);
        }
    }

    /// <summary>The names that the runtime looks up are its own: what a module exports under one of them is taken for nothing else than it is.</summary>
    [Theory]
    [InlineData("(global (mut i32) (i32.const 0)) (func (export \"wagi-restore global 1\"))")]
    [InlineData("(func (export \"wagi-restore start\") (param i32 i32 i32 i32 i32 i32 i32 i32) unreachable)")]
    [InlineData("(table (export \"wagi-restore start\") 1 funcref)")]
    [InlineData("(func (export \"wagi-restore memory\"))")]
    public void NamesOfTheRuntime_InAModule_MeanNothing(string more)
    {
        using var guest = Load(_restoring, "(memory (export \"memory\") 1) (func $change)" + more + Ends);

        Assert.Equal(GuestOutcome.Completed, Run(guest).Result.Outcome);
        Assert.Equal(GuestOutcome.Completed, Run(guest).Result.Outcome);
    }

    /// <summary>What the runtime calls is no entrypoint, and is not offered as one.</summary>
    [Fact]
    public void Start_IsNoEntrypoint()
    {
        using var guest = Load(_restoring, "(memory (export \"memory\") 1) (func $begin) (start $begin) (func (export \"mine\"))");

        Assert.False(guest.HasExport("wagi-restore start"));
        Assert.EndsWith("it exports mine", Assert.Throws<GuestLoadException>(() => guest.Check("other")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ManyAtOnce_EachFindItAsItWas()
    {
        using var guest = Load(
            _restoring,
            """
            (memory (export "memory") 1) (global $a (mut i64) (i64.const 0))
            (func $change (call $say (i64.add (global.get $a) (i64.load (i32.const 200)))) (global.set $a (i64.const 1)) (i64.store (i32.const 200) (i64.const 1)))
            """ + Ends);

        Parallel.For(0, 2_000, i => Assert.Equal("0000000000000000", Run(guest, i % 7 == 0 ? "trap" : i % 3 == 0 ? "exit" : null).Printed));
    }

    [Fact]
    public void Instances_GoWithTheirModule_AndWhenTheyAreIdle()
    {
        var memories = _restoring.OwnMemories!;
        using var other = Load(_restoring, "(memory (export \"memory\") 1) (func $change)" + Ends);
        Run(other);
        using (var guest = Load(_restoring, "(memory (export \"memory\") 1) (func $change)" + Ends))
        {
            Run(guest);
            Assert.Equal(2, memories.Idle);
        }

        Assert.Equal(1, memories.Idle);
        memories.Trim(TimeSpan.FromSeconds(-1));
        Assert.Equal(0, memories.Idle);

        Assert.Equal(GuestOutcome.Completed, Run(other).Result.Outcome);
    }

    private long Restored => _restoring.OwnMemories!.InstancesTaken;
}
