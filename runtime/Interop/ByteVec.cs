using System.Runtime.InteropServices;
using System.Text;

namespace Wagi.Runtime.Interop;

/// <summary><c>wasm_byte_vec_t</c>: bytes that Wasmtime allocated. Whoever receives one owns it, unless it came by pointer.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ByteVec
{
    public nuint Size;
    public byte* Data;

    public readonly ReadOnlySpan<byte> Span => new(Data, checked((int)Size));

    public readonly string Text => Encoding.UTF8.GetString(Span);

    /// <summary>Copies the text out and frees the native bytes.</summary>
    public string TakeText()
    {
        var text = Text;
        Free();
        return text;
    }

    public void Free()
    {
        fixed (ByteVec* self = &this)
        {
            NativeMethods.wasm_byte_vec_delete(self);
        }
    }
}
