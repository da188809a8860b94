using Microsoft.Win32.SafeHandles;

namespace Wagi.Runtime.Interop;

/// <summary>Owns a <c>wasmtime_component_t</c>.</summary>
internal sealed class ComponentHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    public ComponentHandle(nint component)
        : base(ownsHandle: true) => SetHandle(component);

    protected override bool ReleaseHandle()
    {
        NativeMethods.wasmtime_component_delete(handle);
        return true;
    }
}
