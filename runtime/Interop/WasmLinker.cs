using System.Text;
using Wagi.Runtime.Outbound;
using Wagi.Runtime.Wasi;

namespace Wagi.Runtime.Interop;

/// <summary>Making linkers, and modules ready to be instantiated.</summary>
internal static unsafe class WasmLinker
{
    public static LinkerHandle Create(EngineHandle engine) =>
        new(NativeMethods.wasmtime_linker_new(engine.DangerousGetHandle()));

    /// <summary>Offers WASI preview 1, under both its names, for guests without volumes.</summary>
    public static void DefineStdioWasi(LinkerHandle linker)
    {
        foreach (var (function, name, parameters) in WasiSignatures.All)
        {
            var results = function == WasiFunction.ProcExit ? "" : "i";
            Define(linker, WasiSignatures.Preview1, name, parameters, results, &HostCalls.Wasi, (nint)function);
            Define(linker, WasiSignatures.Unstable, name, parameters, results, &HostCalls.Wasi, (nint)WasiSignatures.InUnstable(function));
        }
    }

    /// <summary>
    /// Offers WASI preview 1 for guests with volumes: files and directories are Wasmtime's; arguments, environment, clocks, waiting and
    /// the descriptors 0, 1 and 2 are the same as for guests without.
    /// </summary>
    public static void DefineFileWasi(LinkerHandle linker)
    {
        DefineWasmtimeWasi(linker);
        NativeMethods.wasmtime_linker_allow_shadowing(linker.DangerousGetHandle(), true);
        foreach (var (function, name, parameters) in WasiSignatures.All)
        {
            if (FileWasi.Answers(function))
            {
                var results = function == WasiFunction.ProcExit ? "" : "i";
                Define(linker, WasiSignatures.Preview1, name, parameters, results, &HostCalls.FileWasi, (nint)function);
            }
        }

        NativeMethods.wasmtime_linker_allow_shadowing(linker.DangerousGetHandle(), false);
    }

    /// <summary>Offers Wasmtime's own WASI preview 1.</summary>
    public static void DefineWasmtimeWasi(LinkerHandle linker)
    {
        var failure = new NativeError(NativeMethods.wasmtime_linker_define_wasi(linker.DangerousGetHandle()), 0);
        if (failure.IsFailure)
        {
            throw new InvalidOperationException($"WASI cannot be defined: {failure.TakeMessage()}");
        }
    }

    /// <summary>Offers outbound HTTP. What a module may reach by it is decided at each call.</summary>
    public static void DefineOutboundHttp(LinkerHandle linker)
    {
        foreach (var (function, name, parameters) in HttpSignatures.All)
        {
            Define(linker, HttpSignatures.Module, name, parameters, "i", &HostCalls.Http, (nint)function);
        }
    }

    /// <summary>Finds and checks the imports of a module; null, and what is wrong, when one does not fit.</summary>
    public static InstancePreHandle? Prepare(LinkerHandle linker, WasmModuleHandle module, out string? error)
    {
        nint instancePre;
        var failure = new NativeError(
            NativeMethods.wasmtime_linker_instantiate_pre(linker.DangerousGetHandle(), module.DangerousGetHandle(), &instancePre), 0);
        if (failure.IsFailure)
        {
            error = failure.TakeMessage();
            return null;
        }

        error = null;
        return new InstancePreHandle(instancePre);
    }

    private static void Define(
        LinkerHandle linker, string module, string name, string parameters, string results,
        delegate* unmanaged<nint, nint, RawValue*, nuint, nint> callback, nint data)
    {
        var parameterTypes = ValueTypes(parameters);
        var resultTypes = ValueTypes(results);
        var type = NativeMethods.wasm_functype_new(&parameterTypes, &resultTypes);
        var utf8Module = Encoding.UTF8.GetBytes(module);
        var utf8Name = Encoding.UTF8.GetBytes(name);
        NativeError failure;
        fixed (byte* modulePointer = utf8Module, namePointer = utf8Name)
        {
            failure = new NativeError(
                NativeMethods.wasmtime_linker_define_func_unchecked(
                    linker.DangerousGetHandle(), modulePointer, (nuint)utf8Module.Length, namePointer, (nuint)utf8Name.Length,
                    type, callback, data, 0),
                0);
        }

        NativeMethods.wasm_functype_delete(type);
        if (failure.IsFailure)
        {
            throw new InvalidOperationException($"{module}.{name} cannot be defined: {failure.TakeMessage()}");
        }
    }

    private static PointerVec ValueTypes(string letters)
    {
        var types = stackalloc nint[letters.Length];
        for (var i = 0; i < letters.Length; i++)
        {
            types[i] = NativeMethods.wasm_valtype_new(letters[i] == 'I' ? (byte)1 : (byte)0);
        }

        PointerVec vec;
        NativeMethods.wasm_valtype_vec_new(&vec, (nuint)letters.Length, types);
        return vec;
    }
}
