using Microsoft.Win32.SafeHandles;

namespace Wagi.Runtime.Interop;

/// <summary>Owns a <c>wasmtime_module_t</c>.</summary>
internal sealed class WasmModuleHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    public WasmModuleHandle(nint module)
        : base(ownsHandle: true) => SetHandle(module);

    protected override bool ReleaseHandle()
    {
        NativeMethods.wasmtime_module_delete(handle);
        return true;
    }
}
