using Microsoft.Win32.SafeHandles;

namespace Wagi.Runtime.Interop;

/// <summary>Owns a <c>wasm_engine_t</c>.</summary>
internal sealed class EngineHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    public EngineHandle(nint engine)
        : base(ownsHandle: true) => SetHandle(engine);

    protected override bool ReleaseHandle()
    {
        NativeMethods.wasm_engine_delete(handle);
        return true;
    }
}
