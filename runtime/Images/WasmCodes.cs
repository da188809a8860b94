namespace Wagi.Runtime.Images;

/// <summary>What stands for what in a WebAssembly binary (core specification §5), as far as more than one of those here reads or writes it.</summary>
internal static class WasmCodes
{
    /// <summary>The instruction <c>i32.const</c> (§5.4.7).</summary>
    public const byte ConstantOfInt32 = 0x41;

    /// <summary>Ends an expression (§5.4.9).</summary>
    public const byte EndOfExpression = 0x0b;

    /// <summary>The instruction <c>table.set</c> (§5.4.4).</summary>
    public const uint TableSet = 0x26;

    /// <summary>The instruction <c>memory.grow</c> (§5.4.6).</summary>
    public const uint MemoryGrow = 0x40;

    /// <summary>Begins the instructions on memories, tables and segments as a whole, and some conversions.</summary>
    public const byte BulkPrefix = 0xfc;

    /// <summary>Begins the instructions on vectors (§5.4.8).</summary>
    public const byte VectorPrefix = 0xfd;

    /// <summary>Begins a data segment of memory 0 with a place (§5.5.14).</summary>
    public const byte ActiveData = 0;

    /// <summary>Begins a data segment without a place.</summary>
    public const byte PassiveData = 1;

    /// <summary>Bytes of a page of linear memory (§4.2.8).</summary>
    public const int Page = 64 << 10;

    /// <summary>An instruction that is a prefix and a number.</summary>
    public static uint Prefixed(byte prefix, uint number) => ((uint)prefix << 16) | number;
}
