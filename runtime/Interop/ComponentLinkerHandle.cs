using Microsoft.Win32.SafeHandles;

namespace Wagi.Runtime.Interop;

/// <summary>Owns a <c>wasmtime_component_linker_t</c>.</summary>
internal sealed class ComponentLinkerHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    public ComponentLinkerHandle(nint linker)
        : base(ownsHandle: true) => SetHandle(linker);

    protected override bool ReleaseHandle()
    {
        NativeMethods.wasmtime_component_linker_delete(handle);
        return true;
    }
}
