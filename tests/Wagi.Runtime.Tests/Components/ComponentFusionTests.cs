using System.Text;
using Wagi.Runtime.Components;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Images;
using Wagi.Runtime.Tests.Harness;
using Wagi.TestCluster.Product;

namespace Wagi.Runtime.Tests.Components;

/// <summary>Components that become one core module, and those that cannot.</summary>
public class ComponentFusionTests
{
    /// <summary>Has Wasmtime run a component, for it is not known here what to do with resources of its own.</summary>
    private const string OwnResource = "(type $own (resource (rep i32))) (core func $new (canon resource.new $own))";

    public static TheoryData<string> Bodies => new()
    {
        "(i32.const 0)",
        "(i32.const 1)",
        "unreachable",
        "(call $exit (i32.const 0)) unreachable",
        "(call $exit (i32.const 1)) unreachable",
        "(drop (call $ready (i32.const 77))) (i32.const 0)",
        "(call $drop (i32.const 1)) (i32.const 0)",
        "(call $drop (call $stdout)) (i32.const 0)",
        "(call $write (i32.const 5) (i32.const 0) (i32.const 1)) (i32.const 0)",
        "(call $write (call $stdout) (i32.const -1) (i32.const 2)) (i32.const 0)",
        "(call $write (call $stdout) (i32.const 131071) (i32.const 2)) (i32.const 0)",
        "(call $write (call $stdout) (i32.const 4096) (i32.const 3)) (i32.const 0)",
        "(call $write (call $stderr) (i32.const 4096) (i32.const 3)) (i32.const 0)",
        "(call $environment (i32.const 2)) (i32.const 0)",
        "(call $environment (i32.const -4)) (i32.const 0)",
        "(call $arguments (i32.const 8)) (call $write (call $stdout) (i32.const 8) (i32.const 8)) (i32.const 0)",
        "(call $random (i64.const 5) (i32.const 8)) (call $write (call $stdout) (i32.const 12) (i32.const 4)) (i32.const 0)",
        "(call $random (i64.const -1) (i32.const 8)) (i32.const 0)",
        "(call $poll (i32.const 0) (i32.const 0) (i32.const 8)) (i32.const 0)",
        "(call $poll (i32.const 0) (i32.const -1) (i32.const 8)) (i32.const 0)",
        """
        (i32.store (i32.const 64) (call $subscribe (i64.const 1000000000000)))
        (i32.store (i32.const 68) (call $subscribe (i64.const 0)))
        (call $poll (i32.const 64) (i32.const 2) (i32.const 8))
        (call $write (call $stdout) (i32.load (i32.const 8)) (i32.const 4))
        (call $write (call $stdout) (i32.const 12) (i32.const 4))
        (i32.const 0)
        """,
        "(loop $more (drop (call $subscribe (i64.const 0))) (br $more)) (i32.const 0)",
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public void Component_DoesTheSame_AsOneModuleAndByWasmtime(string body)
    {
        var text = ComponentText.Command(body, "(data (i32.const 4096) \"abc\")");

        var fused = Run(text, isOneModule: true);
        var composed = Run(text.Replace("(component\n", "(component\n" + OwnResource + "\n", StringComparison.Ordinal), isOneModule: false);

        Assert.Equal(composed, fused);
    }

    [Fact]
    public void ResourcesOfItsOwn_AreLeftToWasmtime()
    {
        var text = ComponentText.Command("(i32.const 0)").Replace("(component\n", "(component\n" + OwnResource + "\n", StringComparison.Ordinal);

        var exception = Assert.Throws<InvalidDataException>(() => ComponentFusion.Fuse(GuestEngine.ToWasm(Encoding.UTF8.GetBytes(text))));

        Assert.Equal("it has resources of its own", exception.Message);
    }

    /// <summary>What tools make: programs behind an adapter, with tables that are filled last.</summary>
    [Theory]
    [InlineData("hello-c-component")]
    [InlineData("echo-c-component")]
    [InlineData("env-c-component")]
    [InlineData("events-c-component")]
    [InlineData("files-c-component")]
    [InlineData("hello-rust-component")]
    [InlineData("files-rust-component")]
    public void ComponentOfATool_BecomesOneModule(string sample)
    {
        Assert.SkipUnless(Checkout.Sample(sample) is not null, Checkout.WhyNoSample(sample) ?? "");

        var module = ComponentFusion.Fuse(File.ReadAllBytes(Checkout.Sample(sample)!));

        Assert.Equal([0, (byte)'a', (byte)'s', (byte)'m', 1, 0, 0, 0], module.Wasm[..8]);
        // The adapter takes pages of its own.
        Assert.True(module.GrowsMemoryOfAnother);
    }

    /// <summary>The tables of two modules, segments of every kind, start functions, and code that names all of it.</summary>
    [Fact]
    public void Modules_KeepTheirOwnIndices()
    {
        const string Parts = """
              (core module $first
                (memory (export "m") 1) (table $unused 2 funcref) (table (export "t") 4 funcref)
                (global $mine (mut i32) (i32.const 5)) (global (export "g") (mut i32) (i32.const 40))
                (type $pair (func (param i32 i32) (result i32)))
                (func $start (global.set 1 (i32.add (global.get 1) (i32.const 1))))
                (func $sub (export "sub") (type $pair) (i32.sub (local.get 0) (local.get 1)))
                (elem (table 1) (i32.const 0) func $sub) (elem $passive func $sub)
                (data $p "zz") (data (i32.const 100) "\01")
                (func (export "fill") (table.init 1 $passive (i32.const 1) (i32.const 0) (i32.const 1)) (memory.init $p (i32.const 200) (i32.const 0) (i32.const 2)))
                (start $start))
              (core instance $first (instantiate $first))
              (core module $second
                (type $other (func (param i64))) (type $pair (func (param i32 i32) (result i32)))
                (import "x" "fill" (func $fill)) (import "x" "t" (table $t 4 funcref)) (import "x" "m" (memory 1)) (import "x" "g" (global $g (mut i32)))
                (table $own 1 funcref) (global $mine i32 (i32.const 700)) (elem (table $own) (i32.const 0) func $add) (elem $drop declare func $add)
                (elem (table $t) (offset (i32.const 2)) funcref (ref.func $add) (ref.null func))
                (data (i32.const 101) "\02") (data $q "yy")
                (func $start (global.set $g (i32.add (global.get $g) (i32.const 1))))
                (func $add (type $pair) (i32.add (local.get 0) (local.get 1)))
                (func (export "run") (result i32) (local $v v128)
                  (call $fill)
                  (block (param) (result i32 i32) (i32.const 50) (i32.const 8))
                  (call_indirect $t (type $pair) (i32.const 1)) ;; 42, by the passive segment
                  (i32.sub (global.get $g)) ;; 42: 40 and two starts
                  (i32.add (call_indirect $own (type $pair) (i32.const -6) (i32.const 6) (i32.const 0)))
                  (i32.add (call_indirect $t (type $pair) (i32.const -3) (i32.const 3) (i32.const 2)))
                  (i32.add (i32.sub (i32.load16_u (i32.const 100)) (i32.const 0x0201)))
                  (i32.add (i32.sub (i32.load16_u (i32.const 200)) (i32.const 0x7a7a)))
                  (i32.add (i32.sub (global.get $mine) (i32.const 700)))
                  (memory.init $q (i32.const 300) (i32.const 0) (i32.const 2)) (data.drop $q)
                  (i32.add (i32.sub (i32.load16_u (i32.const 300)) (i32.const 0x7979)))
                  (local.set $v (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 (v128.const i64x2 0 0) (v128.const i64x2 1 1)))
                  (i32.add (i32x4.extract_lane 3 (local.get $v)))
                  (i32.add (i32.mul (i32.const 0) (select (result i32) (i32.const 1) (i32.const 2) (i32.const 0))))
                  (i32.add (ref.is_null (table.get $t (i32.const 0))))
                  (i32.add (i32.sub (table.size $t) (i32.const 4))))
                (start $start))
              (core instance $second (instantiate $second (with "x" (instance $first))))
              (func $run (result (result)) (canon lift (core func $second "run")))
              (instance $run (export "run" (func $run)))
              (export "wasi:cli/run@0.2.0" (instance $run))
            """;

        Assert.Equal((GuestOutcome.Completed, 0, "", ""), Run($"(component {Parts})", isOneModule: true));
        Assert.Equal((GuestOutcome.Completed, 0, "", ""), Run($"(component {OwnResource} {Parts})", isOneModule: false));
    }

    [Theory]
    [InlineData("(i32.const 65537)", "0x10001")] // not aligned
    [InlineData("(i32.const 1048576)", "out of bounds")]
    [InlineData("(i32.const -16)", "out of bounds")]
    [InlineData("unreachable", "unreachable")]
    [InlineData("(drop (call $stdout)) (i32.const 65536)", "cannot leave component instance")]
    public void MemoryThatIsNone_TrapsTheGuest(string realloc, string problem)
    {
        using var guest = SharedEngine.Load($"""
            (component
              (import "wasi:cli/environment@0.2.0" (instance $environment (export "get-arguments" (func (result (list string))))))
              (import "wasi:io/streams@0.2.0" (instance $streams (export "output-stream" (type $out (sub resource)))))
              (alias export $streams "output-stream" (type $output-stream))
              (import "wasi:cli/stdout@0.2.3" (instance $stdout
                (alias outer 1 $output-stream (type $outer-out)) (export "output-stream" (type $out (eq $outer-out)))
                (export "get-stdout" (func (result (own $out))))))
              (core func $stdout (canon lower (func $stdout "get-stdout")))
              (core module $libc
                (import "h" "stdout" (func $stdout (result i32)))
                (memory (export "memory") 1)
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) {realloc}))
              (core instance $libc (instantiate $libc (with "h" (instance (export "stdout" (func $stdout))))))
              (alias core export $libc "memory" (core memory $memory))
              (alias core export $libc "realloc" (core func $realloc))
              (core func $arguments (canon lower (func $environment "get-arguments") (memory (core memory $memory)) (realloc (core func $realloc))))
              (core module $main
                (import "wasi" "arguments" (func $arguments (param i32)))
                (func (export "run") (result i32) (call $arguments (i32.const 8)) (i32.const 0)))
              (core instance $main (instantiate $main (with "wasi" (instance (export "arguments" (func $arguments))))))
              (func $run (result (result)) (canon lift (core func $main "run")))
              (instance $run (export "run" (func $run)))
              (export "wasi:cli/run@0.2.0" (instance $run)))
            """);
        guest.Check(null);
        var run = new GuestRun();
        run.Arguments.Add("one");

        var result = guest.Run(run);

        Assert.Equal(GuestOutcome.Trapped, result.Outcome);
        Assert.Contains(problem, result.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4)] // tables
    [InlineData(6)] // globals
    public void SectionOfMoreItemsThanBytes_IsRefused_BeforeThereIsMemoryForThem(byte section)
    {
        byte[] module = [0, (byte)'a', (byte)'s', (byte)'m', 1, 0, 0, 0, section, 6, 0xff, 0xff, 0xff, 0xff, 0x0f, 0];

        var exception = Assert.Throws<InvalidDataException>(() => CoreModule.Read(module));

        Assert.Equal("a module in it has a section of fewer bytes than items", exception.Message);
    }

    [Fact]
    public void Components_ThatWereChangedAtRandom_AreReadOrRefused()
    {
        var original = GuestEngine.ToWasm(Encoding.UTF8.GetBytes(ComponentText.Echo));
        var random = new Random(4711);
        var (read, refused, most) = (0, 0, 0L);
        for (var i = Fuzzing.Inputs(100_000); i > 0; i--)
        {
            var changed = original.ToArray();
            for (var changes = random.Next(1, 6); changes > 0; changes--)
            {
                changed[random.Next(8, changed.Length)] = (byte)random.Next(256);
            }

            var before = GC.GetAllocatedBytesForCurrentThread();
            var length = random.Next(4) == 0 ? random.Next(8, changed.Length) : changed.Length;
            try
            {
                _ = ComponentFusion.Fuse(changed.AsMemory(0, length));
                read++;
            }
            catch (InvalidDataException)
            {
                refused++;
            }

            most = Math.Max(most, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        // Whatever numbers are in it: some copies of what there is.
        Assert.InRange(most, original.Length, 64 * original.Length);

        Assert.True(read > 1_000, $"{read} were read");
        Assert.True(refused > 1_000, $"{refused} were refused");
    }

    [Theory]
    [InlineData(10_000, GuestOutcome.Completed, "")]
    [InlineData(10_001, GuestOutcome.Trapped, "the component holds 10000 handles and wants one more; drop those that are not needed any more")]
    public void Handles_AreBounded(int count, GuestOutcome outcome, string message)
    {
        using var guest = SharedEngine.Load(ComponentText.Command($"""
            (loop $more
              (drop (call $subscribe (i64.const 0)))
              (local.set $i (i32.add (local.get $i) (i32.const 1)))
              (br_if $more (i32.lt_u (local.get $i) (i32.const {count}))))
            (i32.const 0)
            """));

        Assert.Equal(new GuestResult(outcome, 0, message), guest.Run(new GuestRun()));
    }

    private static (GuestOutcome Outcome, int ExitCode, string Stdout, string Stderr) Run(string text, bool isOneModule)
    {
        var code = SharedEngine.Instance.Compile(Encoding.UTF8.GetBytes(text));
        var parts = NativeCode.Read(code.AsSpan(^NativeCode.TrailerSize..), code.Length, Environment.SystemPageSize)!.Value;
        Assert.Equal(isOneModule, parts.Traits.HasFlag(NativeTraits.Component));
        using var guest = SharedEngine.Instance.Load(code);
        guest.Check(null);
        var (stdout, stderr) = (new CapturedOutput(1 << 16), new CapturedOutput(1 << 16));
        var run = new GuestRun { Stdout = stdout, Stderr = stderr };
        run.Arguments.Add("one");
        run.Environment.Add("NAME=value");
        var result = guest.Run(run);
        return (result.Outcome, result.ExitCode, Encoding.Latin1.GetString(stdout.Bytes), Encoding.Latin1.GetString(stderr.Bytes));
    }
}
