using Microsoft.Win32.SafeHandles;

namespace Wagi.Runtime.Interop;

/// <summary>Owns a <c>wasmtime_component_export_index_t</c>.</summary>
internal sealed class ComponentExportHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    public ComponentExportHandle(nint export)
        : base(ownsHandle: true) => SetHandle(export);

    protected override bool ReleaseHandle()
    {
        NativeMethods.wasmtime_component_export_index_delete(handle);
        return true;
    }
}
