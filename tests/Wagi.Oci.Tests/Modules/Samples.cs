namespace Wagi.Oci.Tests.Modules;

/// <summary>Small Wasm binaries.</summary>
internal static class Samples
{
    /// <summary>A core module of the given size, made distinct by <paramref name="seed"/> in a custom section.</summary>
    public static byte[] Module(int seed = 1, int size = 4096)
    {
        var content = new byte[size];
        new Random(seed).NextBytes(content);
        // Preamble; a custom section (0) of 5-byte length holding an empty name and noise.
        byte[] head = [0, (byte)'a', (byte)'s', (byte)'m', 1, 0, 0, 0, 0];
        head.CopyTo(content, 0);
        var length = size - head.Length - 5;
        for (var i = 0; i < 5; i++) content[head.Length + i] = (byte)(((length >> (7 * i)) & 0x7f) | (i < 4 ? 0x80 : 0));
        content[head.Length + 5] = 0;
        return content;
    }
}
