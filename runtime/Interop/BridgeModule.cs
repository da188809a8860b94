using System.Text;
using Wagi.Runtime.Wasi;

namespace Wagi.Runtime.Interop;

/// <summary>The module behind <see cref="WasiBridge"/>, and the linker that its functions come from. One per engine.</summary>
internal sealed unsafe class BridgeModule : IDisposable
{
    /// <summary>What can be called through it: what <see cref="FileWasi"/> answers itself for some descriptors and not for others.</summary>
    public static readonly WasiFunction[] Functions =
        [WasiFunction.FdRead, WasiFunction.FdWrite, WasiFunction.FdClose, WasiFunction.FdRenumber, WasiFunction.PollOneoff];

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
        var name = Names[index];
        fixed (byte* module = Wasi, function = name)
        {
            if (!NativeMethods.wasmtime_linker_get(
                _linker.DangerousGetHandle(), context, module, (nuint)Wasi.Length, function, (nuint)name.Length, item))
            {
                throw new InvalidOperationException($"Wasmtime's WASI has no {Encoding.UTF8.GetString(name)}");
            }
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

    private static string Types(string parameters) => $"(param {string.Join(' ', parameters.Select(_ => "i32"))})";

    private static (WasiFunction Function, string Name, string Parameters) Signature(WasiFunction function) =>
        WasiSignatures.All.First(signature => signature.Function == function);
}
