namespace Wagi.TestCluster.Product;

/// <summary>A small, valid module that takes a compiler 20 s of processor time and 2.8 GB: one function as large as functions may be.</summary>
public static class CompileBomb
{
    private const int BodySize = 7_000_000; // Wasm implementations accept up to 7,654,321 bytes (WebAssembly JavaScript interface, limits).

    /// <summary>The module.</summary>
    public static byte[] Create()
    {
        using var wasm = new MemoryStream();
        wasm.Write([0, (byte)'a', (byte)'s', (byte)'m', 1, 0, 0, 0]);
        Section(wasm, 1, [2, 0x60, 0, 0, 0x60, 1, 0x7f, 1, 0x7f]); // Two types: () → (), (i32) → i32.
        Section(wasm, 3, [2, 0, 1]); // A function of each.
        Section(wasm, 7, [1, 6, .. "_start"u8, 0, 0]);

        // A local that goes through a call over and over: local.get 0, call 1, local.set 0.
        byte[] step = [0x20, 0, 0x10, 1, 0x21, 0];
        using var body = new MemoryStream();
        body.Write([1, 1, 0x7f]);
        for (var i = 0; i < BodySize / step.Length; i++)
        {
            body.Write(step);
        }

        body.WriteByte(0x0b);
        using var code = new MemoryStream();
        code.WriteByte(2);
        Number(code, (int)body.Length);
        body.WriteTo(code);
        code.Write([4, 0, 0x20, 0, 0x0b]); // Gives back what it is given.
        Section(wasm, 10, code.ToArray());
        return wasm.ToArray();
    }

    private static void Section(Stream wasm, byte id, byte[] content)
    {
        wasm.WriteByte(id);
        Number(wasm, content.Length);
        wasm.Write(content);
    }

    /// <summary>LEB128 (WebAssembly core specification §5.2.2).</summary>
    private static void Number(Stream target, int value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            target.WriteByte((byte)(value | 0x80));
        }

        target.WriteByte((byte)value);
    }
}
