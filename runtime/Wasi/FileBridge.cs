using Wagi.Runtime.Guests;
using Wagi.Runtime.Interop;

namespace Wagi.Runtime.Wasi;

/// <summary>
/// Calls a function of Wasmtime's own WASI on a core module's behalf, from within a host call, with the guest's memory. The instance that it is
/// called through is made when the guest first needs it.
/// </summary>
internal readonly ref struct FileBridge(GuestRun run, nint context)
{
    private readonly GuestRun _run = run;
    private readonly nint _context = context;

    /// <summary>Calls one of <see cref="BridgeModule.OfModules"/>. When it fails, <see cref="GuestRun.IsStopped"/> is true afterwards.</summary>
    public Errno Call(WasiFunction function, ReadOnlySpan<RawValue> arguments)
    {
        var bridge = BridgeInstance.Of(_run) ?? ((GuestFiles)_run.Files!).BridgeOfModules.Instantiate(_run, _context);
        return bridge is null ? Errno.Badf : bridge.Call(function, arguments);
    }
}
