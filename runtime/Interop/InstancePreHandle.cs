using Microsoft.Win32.SafeHandles;

namespace Wagi.Runtime.Interop;

/// <summary>Owns a <c>wasmtime_instance_pre_t</c>: a module whose imports are found and checked.</summary>
internal sealed class InstancePreHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    public InstancePreHandle(nint instancePre)
        : base(ownsHandle: true) => SetHandle(instancePre);

    protected override bool ReleaseHandle()
    {
        NativeMethods.wasmtime_instance_pre_delete(handle);
        return true;
    }
}
