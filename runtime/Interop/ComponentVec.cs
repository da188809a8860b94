using System.Runtime.InteropServices;

namespace Wagi.Runtime.Interop;

/// <summary>The vectors inside a <see cref="ComponentValue"/>: lists, tuples and records.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ComponentVec
{
    public nuint Size;
    public void* Data;
}
