using Microsoft.Win32.SafeHandles;

namespace Wagi.Runtime.Interop;

/// <summary>Owns a <c>wasmtime_linker_t</c>. Not for use by two threads while something is being defined.</summary>
internal sealed class LinkerHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    public LinkerHandle(nint linker)
        : base(ownsHandle: true) => SetHandle(linker);

    protected override bool ReleaseHandle()
    {
        NativeMethods.wasmtime_linker_delete(handle);
        return true;
    }
}
