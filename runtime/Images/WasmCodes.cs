namespace Wagi.Runtime.Images;

/// <summary>What stands for what in a WebAssembly binary (core specification §5), as far as more than one of those here reads or writes it.</summary>
internal static class WasmCodes
{
    /// <summary>The instruction <c>i32.const</c> (§5.4.7).</summary>
    public const byte ConstantOfInt32 = 0x41;

    /// <summary>Ends an expression (§5.4.9).</summary>
    public const byte EndOfExpression = 0x0b;

    /// <summary>Begins a data segment of memory 0 with a place (§5.5.14).</summary>
    public const byte ActiveData = 0;

    /// <summary>Begins a data segment without a place.</summary>
    public const byte PassiveData = 1;

    /// <summary>Bytes of a page of linear memory (§4.2.8).</summary>
    public const int Page = 64 << 10;
}
