using System.Text;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Interop;

namespace Wagi.Runtime.Wasi;

/// <summary>
/// Calls a function of Wasmtime's own WASI on the guest's behalf, from within a host call. Such a function looks for its caller's
/// memory, and the host has none: so it is called through a second instance that imports and exports the guest's memory. That instance
/// is made when the guest first needs it.
/// </summary>
internal readonly unsafe ref struct FileBridge(GuestRun run, nint context)
{
    // The functions of the run's second instance.
    private static readonly RunState<FuncRef[]> Bound = new();

    private readonly GuestRun _run = run;
    private readonly nint _context = context;

    /// <summary>Calls one of <see cref="BridgeModule.Functions"/>. When it fails, <see cref="GuestRun.IsStopped"/> is true afterwards.</summary>
    public Errno Call(WasiFunction function, ReadOnlySpan<RawValue> arguments)
    {
        var functions = Bound.Of(_run) ?? Instantiate();
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
        var module = ((GuestFiles)_run.Files!).Bridge;
        var imports = stackalloc ExternItem[BridgeModule.Functions.Length + 1];
        imports[0] = new ExternItem { Kind = ExternKind.Memory, Memory = _run.Memory };
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

        Bound.Set(_run, functions);
        return functions;
    }

    private bool Stop(NativeError failure)
    {
        if (!failure.IsFailure)
        {
            return false;
        }

        // Unless the time was up meanwhile, which the run knows: then that is the reason.
        _run.Stop(GuestOutcome.Trapped, failure.TakeMessage());
        return true;
    }
}

/// <summary>The module behind <see cref="FileBridge"/>, and the linker that its functions come from. One per engine.</summary>
internal sealed unsafe class BridgeModule : IDisposable
{
    /// <summary>What can be called through it: what <see cref="FileWasi"/> answers itself for some descriptors and not for others.</summary>
    public static readonly WasiFunction[] Functions =
        [WasiFunction.FdRead, WasiFunction.FdWrite, WasiFunction.FdClose, WasiFunction.FdRenumber, WasiFunction.PathOpen, WasiFunction.PollOneoff];

    private static readonly byte[][] Names = [.. Functions.Select(function => Encoding.UTF8.GetBytes(Signature(function).Name))];
    private static readonly byte[] Wasi = Encoding.UTF8.GetBytes(WasiSignatures.Preview1);

    private readonly LinkerHandle _linker;

    public BridgeModule(EngineHandle engine)
    {
        _linker = WasmLinker.Create(engine);
        WasmLinker.DefineWasmtimeWasi(_linker);
        Handle = Compile(engine);
    }

    public WasmModuleHandle Handle { get; }

    /// <summary>The function of Wasmtime's WASI that the module imports, in this store.</summary>
    public void GetImport(nint context, int index, ExternItem* item)
    {
        if (!WasmLinker.TryGet(_linker, context, Wasi, Names[index], out *item))
        {
            throw new InvalidOperationException($"Wasmtime's WASI has no {Encoding.UTF8.GetString(Names[index])}");
        }
    }

    /// <summary>The function of the same name that the instance exports.</summary>
    public static FuncRef GetExport(nint context, InstanceRef* instance, int index)
    {
        ExternItem item;
        var name = Names[index];
        fixed (byte* function = name)
        {
            return NativeMethods.wasmtime_instance_export_get(context, instance, function, (nuint)name.Length, &item)
                ? item.Func
                : throw new InvalidOperationException($"the bridge has no {Encoding.UTF8.GetString(name)}");
        }
    }

    public void Dispose()
    {
        Handle.Dispose();
        _linker.Dispose();
    }

    private static WasmModuleHandle Compile(EngineHandle engine)
    {
        var text = new StringBuilder("(module (import \"guest\" \"memory\" (memory 0)) (export \"memory\" (memory 0))\n");
        foreach (var (_, name, parameters) in Functions.Select(Signature))
        {
            text.Append($"(import \"wasi\" \"{name}\" (func ${name} {Types(parameters)} (result i32)))\n");
        }

        foreach (var (_, name, parameters) in Functions.Select(Signature))
        {
            var arguments = string.Join(' ', parameters.Select((_, i) => $"(local.get {i})"));
            text.Append($"(func (export \"{name}\") {Types(parameters)} (result i32) (call ${name} {arguments}))\n");
        }

        text.Append(')');
        var wasm = WasmEngine.ParseText(Encoding.UTF8.GetBytes(text.ToString()), out var error);
        var code = wasm is null ? null : WasmEngine.Compile(engine, wasm, out error);
        return (code is null ? null : WasmEngine.Deserialize(engine, code, out error))
            ?? throw new InvalidOperationException($"the bridge to Wasmtime's WASI cannot be made: {error}");
    }

    private static string Types(string parameters) => $"(param {string.Join(' ', parameters.Select(type => type == 'I' ? "i64" : "i32"))})";

    private static (WasiFunction Function, string Name, string Parameters) Signature(WasiFunction function) =>
        WasiSignatures.All.First(signature => signature.Function == function);
}
