using System.Runtime.InteropServices;

namespace Wagi.Runtime.Interop;

/// <summary><c>wasmtime_component_item_t</c>: the type of an import or export. Owns what it points to.</summary>
[StructLayout(LayoutKind.Explicit, Size = 24)]
internal struct ComponentItem
{
    [FieldOffset(0)]
    public ComponentItemKind Kind;

    [FieldOffset(8)]
    public nint Type;
}
