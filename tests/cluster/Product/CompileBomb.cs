namespace Wagi.TestCluster.Product;

/// <summary>
/// A valid module that keeps a compiler busy: by default a small one that takes it 20 s of processor time and 2.8 GB, with one function as large as
/// functions may be.
/// </summary>
public static class CompileBomb
{
    private const int LargestBody = 7_000_000; // Wasm implementations accept up to 7,654,321 bytes (WebAssembly JavaScript interface, limits).

    /// <summary>The module.</summary>
    /// <param name="functions">How many functions there are, of which one is called.</param>
    /// <param name="size">About how large each is, in bytes.</param>
    public static byte[] Create(int functions = 1, int size = LargestBody)
    {
        using var wasm = new MemoryStream();
        wasm.Write([0, (byte)'a', (byte)'s', (byte)'m', 1, 0, 0, 0]);
        Section(wasm, 1, [2, 0x60, 0, 0, 0x60, 1, 0x7f, 1, 0x7f]); // Two types: () → (), (i32) → i32.
        Section(wasm, 3, [.. Number(functions + 1), 1, .. Enumerable.Repeat((byte)0, functions)]); // One of the second, all others of the first.
        Section(wasm, 7, [1, 6, .. "_start"u8, 0, 1]);

        // A local that goes through a call over and over: local.get 0, call 0, local.set 0.
        byte[] step = [0x20, 0, 0x10, 0, 0x21, 0];
        using var body = new MemoryStream();
        body.Write([1, 1, 0x7f]);
        for (var i = 0; i < size / step.Length; i++)
        {
            body.Write(step);
        }

        body.WriteByte(0x0b);
        using var code = new MemoryStream();
        code.Write(Number(functions + 1));
        code.Write([4, 0, 0x20, 0, 0x0b]); // Gives back what it is given.
        for (var i = 0; i < functions; i++)
        {
            code.Write(Number((int)body.Length));
            body.WriteTo(code);
        }

        Section(wasm, 10, code.ToArray());
        return wasm.ToArray();
    }

    private static void Section(Stream wasm, byte id, byte[] content)
    {
        wasm.WriteByte(id);
        wasm.Write(Number(content.Length));
        wasm.Write(content);
    }

    /// <summary>LEB128 (WebAssembly core specification §5.2.2).</summary>
    private static byte[] Number(int value)
    {
        var bytes = new List<byte>();
        for (; value >= 0x80; value >>= 7)
        {
            bytes.Add((byte)(value | 0x80));
        }

        return [.. bytes, (byte)value];
    }
}
