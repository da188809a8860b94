using System.Runtime.InteropServices;

namespace Wagi.Runtime.Interop;

/// <summary><c>wasmtime_component_valrecord_entry_t</c>: a field of a record.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ComponentField
{
    public ByteVec Name;
    public ComponentValue Value;
}
