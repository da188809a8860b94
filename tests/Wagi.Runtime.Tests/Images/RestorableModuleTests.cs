using System.Text;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Images;

namespace Wagi.Runtime.Tests.Images;

/// <summary>Which modules have instances that can be restored.</summary>
public class RestorableModuleTests
{
    private static byte[] Wasm(string content) => GuestEngine.ToWasm(Encoding.UTF8.GetBytes($"(module {content})"));

    private static bool IsRestorable(string content) => RestorableModule.TryOpen(Wasm(content), out _);

    [Theory]
    [InlineData("(memory 1)")]
    [InlineData("(memory 1 3) (func (drop (memory.grow (i32.const 1))))")]
    [InlineData("(memory 1) (global (mut i32) (i32.const 1)) (global (mut v128) (v128.const i64x2 1 2)) (global funcref (ref.null func))")]
    [InlineData("(memory 1) (table 1 funcref) (elem (i32.const 0) $f) (func $f) (func (call_indirect (i32.const 0)) (drop (table.get 0 (i32.const 0))) (drop (table.size 0)))")]
    [InlineData("(memory 1) (data \"passive\") (func (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 7)))")]
    [InlineData("(memory 1) (func $start) (start $start)")]
    [InlineData("(memory 1) (func (memory.copy (i32.const 0) (i32.const 1) (i32.const 2)) (memory.fill (i32.const 0) (i32.const 1) (i32.const 2)))")]
    public void Module_IsRestorable_WhenOnlyItsMemoryAndNumbersCanChange(string content) => Assert.True(IsRestorable(content));

    [Theory]
    [InlineData("(func)")] // no memory
    [InlineData("(import \"a\" \"b\" (memory 1))")]
    [InlineData("(import \"a\" \"b\" (global (mut i32))) (memory 1)")]
    [InlineData("(memory 1) (data (i32.const 0) \"active\")")]
    [InlineData("(memory 1) (global (mut funcref) (ref.null func))")]
    [InlineData("(memory 1) (global (mut externref) (ref.null extern))")]
    [InlineData("(memory 1) (table 1 funcref) (func (table.set 0 (i32.const 0) (ref.null func)))")]
    [InlineData("(memory 1) (table 1 funcref) (func (table.fill 0 (i32.const 0) (ref.null func) (i32.const 1)))")]
    [InlineData("(memory 1) (table 1 funcref) (func (drop (table.grow 0 (ref.null func) (i32.const 1))))")]
    [InlineData("(memory 1) (table 1 funcref) (func (table.copy (i32.const 0) (i32.const 0) (i32.const 1)))")]
    [InlineData("(memory 1) (table 1 funcref) (elem $e func $f) (func $f (table.init $e (i32.const 0) (i32.const 0) (i32.const 1)))")]
    [InlineData("(memory 1) (elem $e func $f) (func $f (elem.drop $e))")]
    [InlineData("(memory 1) (data \"passive\") (func (data.drop 0))")]
    [InlineData("(memory 1) (tag)")]
    [InlineData("(memory 1) (global (mut i32) (i32.const 0)) (func (export \"wagi-restore global 1\"))")] // what it exports would be taken for a variable
    [InlineData("(memory 1) (func (export \"wagi-restore start\") (param i32 i32 i32 i32 i32))")] // or for its start
    [InlineData("(memory 1) (type $s (struct (field i32))) (func (drop (struct.new $s (i32.const 1))))")]
    public void Module_IsNot_WhenSomethingElseCan(string content) => Assert.False(IsRestorable(content));

    [Fact]
    public void ModuleWithManyVariables_IsNot()
    {
        const string Variable = "(global (mut i32) (i32.const 0))";
        Assert.True(IsRestorable("(memory 1)" + string.Concat(Enumerable.Repeat(Variable, 32))));
        Assert.False(IsRestorable("(memory 1)" + string.Concat(Enumerable.Repeat(Variable, 33))));
    }

    /// <summary>It reads what anybody may have sent: of what is cut off anywhere, or has any other byte anywhere, it says something and nothing else.</summary>
    [Fact]
    public void WhatIsNoModule_IsNot()
    {
        var module = Wasm("""
            (import "a" "b" (func)) (memory 1) (table 1 funcref) (elem (i32.const 0) $f) (data "passive")
            (global (mut i64) (i64.const 5)) (global i32 (i32.add (i32.const 1) (i32.const 2))) (export "f" (func $f))
            (func $f (local i32 f64) (block (result i32) (i32.const -7)) drop (call_indirect (i32.const 0)) (drop (f64.const 1)))
            """);
        for (var length = 0; length < module.Length; length++)
        {
            _ = RestorableModule.TryOpen(module.AsSpan(0, length), out _);
        }

        for (var at = 0; at < module.Length; at++)
        {
            for (var value = 0; value < 256; value += 3)
            {
                var changed = module.ToArray();
                changed[at] = (byte)value;
                _ = RestorableModule.TryOpen(changed, out _);
            }
        }
    }
}
