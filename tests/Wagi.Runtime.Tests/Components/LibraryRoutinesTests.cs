using System.Text;
using Wagi.Oci.Modules;
using Wagi.Runtime.Components;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Images;
using Wagi.Runtime.Tests.Harness;
using Wagi.TestCluster.Product;

namespace Wagi.Runtime.Tests.Components;

/// <summary>Functions of a compiler's library that are replaced by an instruction, taken from what tools made.</summary>
public class LibraryRoutinesTests
{
    private static readonly byte[] Type = [0x60, 3, 0x7f, 0x7f, 0x7f, 1, 0x7f];

    [Theory]
    [InlineData("hello-c-component")]
    [InlineData("hello-rust-component")]
    public void CopyingAndFilling_DoTheSame_AsWhatTheyReplace(string sample)
    {
        var routines = FindIn(sample);

        // The second argument is an address, or a number of which the lowest byte counts.
        Assert.Equal(2, routines.Count);
        foreach (var (body, replacement) in routines)
        {
            var second = replacement.Contains((byte)10) ? "(i32.add (i32.const 131072) (i32.and (i32.shr_u (local.get $x) (i32.const 9)) (i32.const 31)))" : "(local.get $x)";
            var text = $"""
                (module
                  (memory (export "memory") 3)
                  (func $old (param i32 i32 i32) (result i32) (local.get 0))
                  (func $new (param i32 i32 i32) (result i32) (local.get 0))
                  (func (export "_start") (local $i i32) (local $x i32) (local $to i32) (local $count i32)
                    (local.set $x (i32.const 4711))
                    (loop $source
                      (local.set $x (i32.add (i32.mul (local.get $x) (i32.const 1664525)) (i32.const 1013904223)))
                      (i32.store8 (i32.add (local.get $i) (i32.const 131072)) (i32.shr_u (local.get $x) (i32.const 13)))
                      (br_if $source (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1024))))
                    (local.set $i (i32.const 0))
                    (loop $next
                      (local.set $x (i32.add (i32.mul (local.get $x) (i32.const 1664525)) (i32.const 1013904223)))
                      (local.set $to (i32.and (i32.shr_u (local.get $x) (i32.const 4)) (i32.const 31)))
                      (local.set $count (i32.rem_u (i32.shr_u (local.get $x) (i32.const 14)) (i32.const 700)))
                      (if (i32.ne (call $old (local.get $to) {second} (local.get $count)) (local.get $to)) (then unreachable))
                      (if (i32.ne (call $new (i32.add (local.get $to) (i32.const 65536)) {second} (local.get $count)) (i32.add (local.get $to) (i32.const 65536)))
                        (then unreachable))
                      (local.set $to (i32.const 0))
                      (loop $compare
                        (if (i32.ne (i32.load8_u (local.get $to)) (i32.load8_u (i32.add (local.get $to) (i32.const 65536)))) (then unreachable))
                        (br_if $compare (i32.lt_u (local.tee $to (i32.add (local.get $to) (i32.const 1))) (i32.const 800))))
                      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 3000))))
                    ;; Nothing, from nowhere to nowhere.
                    (drop (call $old (i32.const -16) (i32.const -16) (i32.const 0)))
                    (drop (call $new (i32.const -16) (i32.const -16) (i32.const 0)))))
                """;

            Assert.Equal(GuestOutcome.Completed, Run(text, body, replacement).Outcome);

            // A test that cannot fail would be none.
            byte[] nothing = [0, 0x20, 0, 0x0b];
            Assert.Equal(GuestOutcome.Trapped, Run(text, body, nothing).Outcome);
        }
    }

    [Fact]
    public void AnythingElse_StaysAsItIs()
    {
        foreach (var (body, _) in FindIn("hello-c-component"))
        {
            var other = body.ToArray();
            other[^2] ^= 1;
            Assert.True(LibraryRoutines.InPlaceOf(Type, other).IsEmpty);

            // With other parameters, the same code has other local variables.
            Assert.True(LibraryRoutines.InPlaceOf([0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 1, 0x7f], body).IsEmpty);
            Assert.False(LibraryRoutines.InPlaceOf(Type, body).IsEmpty);
        }

        Assert.True(LibraryRoutines.InPlaceOf(Type, [0, 0x20, 0, 0x0b]).IsEmpty);
    }

    private static List<(byte[] Body, byte[] Replacement)> FindIn(string sample)
    {
        Assert.SkipUnless(Checkout.Sample(sample) is not null, Checkout.WhyNoSample(sample) ?? "");
        var routines = new List<(byte[], byte[])>();
        foreach (var instance in ComponentStructure.Read(File.ReadAllBytes(Checkout.Sample(sample)!)).CoreInstances.OfType<CoreInstance.OfModule>())
        {
            var module = CoreModule.Read(instance.Module);
            var function = 0;
            foreach (var body in BodiesOf(module))
            {
                var replacement = LibraryRoutines.InPlaceOf(module.TypeOfDefined(function++), body);
                if (!replacement.IsEmpty) routines.Add((body, replacement.ToArray()));
            }
        }

        return routines;
    }

    private static List<byte[]> BodiesOf(CoreModule module)
    {
        var bodies = new List<byte[]>();
        var (count, items) = module.Sections.GetValueOrDefault(WasmSections.Code);
        var reader = new WasmReader(items.Span);
        for (; count > 0; count--)
        {
            bodies.Add(reader.Take(reader.Number()).ToArray());
        }

        return bodies;
    }

    /// <summary>Runs a module with other bodies for its first two functions.</summary>
    private static GuestResult Run(string text, byte[] first, byte[] second)
    {
        var wasm = GuestEngine.ToWasm(Encoding.UTF8.GetBytes(text));
        var bodies = BodiesOf(CoreModule.Read(wasm));
        (bodies[0], bodies[1]) = (first, second);
        using var code = new MemoryStream();
        code.WriteNumber((uint)bodies.Count);
        bodies.ForEach(body => code.WriteBytes(body));
        using var module = new MemoryStream();
        module.Write(wasm.AsSpan(0, WasmBinary.PreambleSize));
        foreach (var section in WasmSections.Read(wasm))
        {
            module.WriteSection(section.Id, section.Id == WasmSections.Code ? code.ToArray() : section.Of(wasm).ToArray());
        }

        using var guest = SharedEngine.Instance.Load(SharedEngine.Instance.Compile(module.ToArray()));
        guest.Check(null);
        return guest.Run(new GuestRun());
    }
}
