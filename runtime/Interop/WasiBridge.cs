using Wagi.Runtime.Guests;
using Wagi.Runtime.Wasi;

namespace Wagi.Runtime.Interop;

/// <summary>
/// Calls a function of Wasmtime's own WASI on the guest's behalf, from within a host call. Such a function looks for its caller's
/// memory, and the host has none: so it is called through a second instance that imports and exports the guest's. That instance is
/// made when a guest first needs it, which one that only reads its files by descriptors never handed back does not at all.
/// </summary>
internal readonly unsafe ref struct WasiBridge(GuestRun process, nint context)
{
    private readonly GuestRun _process = process;
    private readonly nint _context = context;

    /// <summary>Calls one of <see cref="BridgeModule.Functions"/>. When it fails, <see cref="GuestRun.IsStopped"/> is true afterwards.</summary>
    public Errno Call(WasiFunction function, ReadOnlySpan<RawValue> arguments)
    {
        var functions = _process.BridgeFunctions ?? Instantiate();
        if (functions is null)
        {
            return Errno.Badf;
        }

        // Room for the result, which takes the place of the first argument.
        var values = stackalloc RawValue[Math.Max(arguments.Length, 1)];
        arguments.CopyTo(new Span<RawValue>(values, arguments.Length));
        nint trap = 0;
        NativeError failure;
        fixed (FuncRef* reference = &functions[Array.IndexOf(BridgeModule.Functions, function)])
        {
            failure = new NativeError(
                NativeMethods.wasmtime_func_call_unchecked(_context, reference, values, (nuint)Math.Max(arguments.Length, 1), &trap), trap);
        }

        return Stop(failure) ? Errno.Badf : (Errno)values[0].U32;
    }

    private FuncRef[]? Instantiate()
    {
        var module = _process.Files!.Bridge;
        var imports = stackalloc ExternItem[BridgeModule.Functions.Length + 1];
        imports[0] = new ExternItem { Kind = ExternKind.Memory, Memory = _process.Memory };
        for (var i = 0; i < BridgeModule.Functions.Length; i++)
        {
            module.GetImport(_context, i, &imports[i + 1]);
        }

        InstanceRef instance;
        nint trap = 0;
        var failure = new NativeError(
            NativeMethods.wasmtime_instance_new(
                _context, module.Handle.DangerousGetHandle(), imports, (nuint)BridgeModule.Functions.Length + 1, &instance, &trap),
            trap);
        if (Stop(failure))
        {
            return null;
        }

        var functions = new FuncRef[BridgeModule.Functions.Length];
        for (var i = 0; i < functions.Length; i++)
        {
            functions[i] = BridgeModule.GetExport(_context, &instance, i);
        }

        return _process.BridgeFunctions = functions;
    }

    private bool Stop(NativeError failure)
    {
        if (!failure.IsFailure)
        {
            return false;
        }

        // Unless the time was up meanwhile, which the process knows: then that is the reason.
        _process.Stop(GuestOutcome.Trapped, failure.TakeMessage());
        return true;
    }
}
