using System.Text;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Images;
using Wagi.Runtime.Outbound;
using Wagi.Runtime.Tests.Harness;
using Wagi.Runtime.Worlds;

namespace Wagi.Runtime.Tests.Images;

/// <summary>A module runs with its data in an image as it does with its data in segments: which Wasmtime alone is asked about.</summary>
[Collection(AloneCollection.Name)]
public sealed class DataSegmentsTests : IDisposable
{
    private static readonly int Page = Environment.SystemPageSize;

    /// <summary>Writes the first of its pages to stdout, but for the end, where it says so to WASI.</summary>
    private const string Dump = """
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (func $dump (export "_start")
          (i32.store (i32.const 65524) (i32.const 65520))
          (drop (call $write (i32.const 1) (i32.const 65520) (i32.const 1) (i32.const 65528))))
        """;

    private readonly GuestEngine _images = GuestEngines.Create(new GuestEngineOptions { MaxInstances = 1 });
    private readonly GuestEngine _segments = GuestEngines.Create(new GuestEngineOptions { MaxInstances = 1, Memories = GuestMemories.Pool });

    public void Dispose()
    {
        _images.Dispose();
        _segments.Dispose();
    }

    private static byte[] Wasm(string content) => GuestEngine.ToWasm(Encoding.UTF8.GetBytes($"(module {content})"));

    /// <summary>How a module ends, in two runs, and what it wrote.</summary>
    private static string Run(GuestEngine engine, byte[] wasm)
    {
        try
        {
            using var guest = engine.Load(engine.Compile(wasm));
            guest.Check(null);
            var ends = new StringBuilder();
            for (var i = 0; i < 2; i++)
            {
                var stdout = new CapturedOutput(1 << 20);
                var result = guest.Run(new GuestRun { Stdout = stdout, Timeout = TimeSpan.FromMilliseconds(300), MemoryLimit = 64 << 20 });
                ends.Append(result).AppendLine(Convert.ToHexString(stdout.Bytes));
            }

            return ends.ToString();
        }
        catch (GuestLoadException exception)
        {
            return $"{exception.Reason}: {exception.Message}";
        }
    }

    private void AssertSame(byte[] wasm) => Assert.Equal(Run(_segments, wasm), Run(_images, wasm));

    [Theory]
    [InlineData(true, """(memory (export "memory") 1) (data (i32.const 8) "abc")""")]
    [InlineData(true, """(memory (export "memory") 1) (data (i32.const 8) "abc") (data (i32.const 9) "XY") (data (i32.const 60000) "end")""")]
    [InlineData(true, """(memory (export "memory") 1 2) (data (i32.const 0) "") (data (i32.const 4095) "ab") (data (i32.const 65536) "")""")]
    [InlineData(false, """(memory (export "memory") 1) (data (i32.const 8) "")""")]
    [InlineData(false, """(memory (export "memory") 1)""")]
    [InlineData(false, """(memory (export "memory") 1) (data "passive")""")]
    // Those before one that cannot be taken are taken; what comes after it, and writes over it, stays.
    [InlineData(true, """(memory (export "memory") 1) (data (i32.const 8) "aaaa") (data "passive") (data (i32.const 9) "bb")""")]
    [InlineData(true, """(memory (export "memory") 1) (global $g i32 (i32.const 9)) (data (i32.const 8) "aaaa") (data (global.get $g) "bb") (data (i32.const 10) "c")""")]
    [InlineData(false, """(memory (export "memory") 1) (global $g i32 (i32.const 9)) (data (global.get $g) "bb") (data (i32.const 8) "aaaa")""")]
    [InlineData(true, """(memory (export "memory") 1) (data (i32.const 8) "aaaa") (data (i32.add (i32.const 4) (i32.const 5)) "bb")""")]
    // Beyond the end: the instance traps, whatever was written before.
    [InlineData(false, """(memory (export "memory") 1) (data (i32.const 65535) "ab")""")]
    [InlineData(false, """(memory (export "memory") 1) (data (i32.const -1) "ab")""")]
    [InlineData(true, """(memory (export "memory") 1) (data (i32.const 8) "aaaa") (data (i32.const 65534) "abc")""")]
    [InlineData(false, """(memory (export "memory") 0) (data (i32.const 0) "a")""")]
    // An active segment has no bytes once the instance is made.
    [InlineData(true, """(memory (export "memory") 1) (data $d (i32.const 8) "aaaa") (start $s) (func $s (memory.init $d (i32.const 0) (i32.const 0) (i32.const 0)))""")]
    [InlineData(true, """(memory (export "memory") 1) (data $d (i32.const 8) "aaaa") (start $s) (func $s (memory.init $d (i32.const 0) (i32.const 0) (i32.const 1)))""")]
    [InlineData(true, """(memory (export "memory") 1) (data $d (i32.const 8) "aaaa") (data $e "bb") (start $s) (func $s (data.drop $d) (memory.init $e (i32.const 0) (i32.const 0) (i32.const 2)))""")]
    // The start function sees the data.
    [InlineData(true, """(memory (export "memory") 1) (data (i32.const 8) "aaaa") (start $s) (func $s (i32.store (i32.const 16) (i32.load (i32.const 8))))""")]
    // Mostly zeros, and far apart.
    [InlineData(false, """(memory (export "memory") 512) (data (i32.const 8) "aaaa") (data (i32.const 33000000) "b")""")]
    public void MemoryBeginsAsWithSegments(bool hasImage, string content)
    {
        var wasm = Wasm(Dump + content);

        var code = _images.Compile(wasm);
        var parts = NativeCode.Read(code.AsSpan(^NativeCode.TrailerSize..), code.Length, Page);
        Assert.Equal(hasImage, parts!.Value.ImageLength > 0);
        AssertSame(wasm);
    }

    [Fact]
    public void Image_IsOfWholePages_AndTheModuleHasTheBytesNoMore()
    {
        var wasm = Wasm("""(memory 2) (data (i32.const 5000) "needle") (data (i32.const 8190) "xyz") (@custom "after" "kept")""");

        Assert.True(DataSegments.TryTake(wasm, Page, out var rest, out var image));

        Assert.Equal(5000 / Page * Page, image.Start);
        Assert.Equal((8193 + Page - 1) / Page * Page, image.Start + image.Content.Length);
        Assert.Equal("needle", Encoding.ASCII.GetString(image.Content.Span.Slice(5000 - (int)image.Start, 6)));
        Assert.Equal("xyz", Encoding.ASCII.GetString(image.Content.Span.Slice(8190 - (int)image.Start, 3)));
        Assert.Equal(9, image.Content.ToArray().Count(value => value != 0));
        Assert.DoesNotContain("needle", Encoding.ASCII.GetString(rest), StringComparison.Ordinal);
        Assert.Contains("kept", Encoding.ASCII.GetString(rest), StringComparison.Ordinal);
        Assert.False(DataSegments.TryTake(rest, Page, out _, out _));
    }

    [Theory]
    [InlineData("""(memory i64 1) (data (i64.const 8) "aaaa")""")]
    [InlineData("""(memory 1 1 shared) (data (i32.const 8) "aaaa")""")]
    [InlineData("""(import "env" "memory" (memory 1)) (data (i32.const 8) "aaaa")""")]
    [InlineData("""(memory 1) (memory $m 1) (data (memory $m) (i32.const 8) "aaaa")""")]
    public void Image_IsOfOneMemory_OfTheUsualKind(string content) => Assert.False(DataSegments.TryTake(Wasm(content), Page, out _, out _));

    /// <summary>Whatever is wrong with a module stays wrong, and what runs runs the same: changed at random, cut off, and with sections twice.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void ModulesChangedAtRandom_AreJudgedAndRunAlike(int seed)
    {
        var random = new Random(seed);
        var wasm = Wasm(Dump + """
            (memory (export "memory") 1)
            (data (i32.const 8) "aaaa") (data (i32.const 9) "bbb") (data $p "passive") (data (i32.const 200) "c") (global i32 (i32.const 3))
            """);
        var data = wasm.AsSpan().IndexOf("aaaa"u8) - 8;
        for (var i = 0; i < 300; i++)
        {
            var changed = wasm.ToArray();
            for (var changes = random.Next(1, 3); changes > 0; changes--)
            {
                // Half of the changes are where the data are.
                var at = random.Next(2) == 0 ? random.Next(data, changed.Length) : random.Next(8, changed.Length);
                changed[at] = random.Next(3) == 0 ? (byte)random.Next(12) : (byte)(changed[at] ^ (1 << random.Next(8)));
            }

            AssertSame(random.Next(10) == 0 ? changed[..random.Next(8, changed.Length)] : changed);
        }
    }

    [Fact]
    public void AnyBytes_AreReadInNoTime()
    {
        var random = new Random(3);
        var wasm = Wasm("""(memory 1) (data (i32.const 8) "aaaa") (data (i32.const 9) "bbb")""");
        for (var i = Fuzzing.Inputs(200_000); i > 0; i--)
        {
            var changed = wasm.ToArray();
            random.NextBytes(changed.AsSpan(random.Next(8, changed.Length)));
            DataSegments.TryTake(changed, Page, out _, out _);
        }
    }
}
