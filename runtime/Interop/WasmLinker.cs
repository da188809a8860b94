using System.Text;

namespace Wagi.Runtime.Interop;

/// <summary>Making linkers, and modules ready to be instantiated.</summary>
internal static unsafe class WasmLinker
{
    public static LinkerHandle Create(EngineHandle engine) =>
        new(NativeMethods.wasmtime_linker_new(engine.DangerousGetHandle()));

    /// <summary>Offers Wasmtime's own WASI preview 1; what is defined afterwards may take the place of its functions.</summary>
    public static void DefineWasmtimeWasi(LinkerHandle linker)
    {
        new NativeError(NativeMethods.wasmtime_linker_define_wasi(linker.DangerousGetHandle())).Require("WASI cannot be defined");
        NativeMethods.wasmtime_linker_allow_shadowing(linker.DangerousGetHandle(), true);
    }

    /// <summary>Offers a function of the host.</summary>
    /// <param name="linker">Where to.</param>
    /// <param name="module">The module that it is imported from.</param>
    /// <param name="name">Its name.</param>
    /// <param name="parameters">A letter for each: <c>i</c> is an i32, <c>I</c> an i64.</param>
    /// <param name="results">The same for its results.</param>
    /// <param name="callback">What is called. No exception may leave it.</param>
    /// <param name="data">What it is handed first.</param>
    public static void Define(
        LinkerHandle linker, string module, string name, string parameters, string results,
        delegate* unmanaged<nint, nint, RawValue*, nuint, nint> callback, nint data)
    {
        var parameterTypes = ValueTypes(parameters);
        var resultTypes = ValueTypes(results);
        var type = NativeMethods.wasm_functype_new(&parameterTypes, &resultTypes);
        var utf8Module = Encoding.UTF8.GetBytes(module);
        var utf8Name = Encoding.UTF8.GetBytes(name);
        nint error;
        fixed (byte* modulePointer = utf8Module, namePointer = utf8Name)
        {
            error = NativeMethods.wasmtime_linker_define_func_unchecked(
                linker.DangerousGetHandle(), modulePointer, (nuint)utf8Module.Length, namePointer, (nuint)utf8Name.Length,
                type, callback, data, 0);
        }

        NativeMethods.wasm_functype_delete(type);
        new NativeError(error).Require($"{module}.{name} cannot be defined");
    }

    /// <summary>Defines what a module imports and nobody offers: calling it traps, with its name.</summary>
    public static void DefineUnknown(LinkerHandle linker, WasmModuleHandle module) =>
        new NativeError(NativeMethods.wasmtime_linker_define_unknown_imports_as_traps(linker.DangerousGetHandle(), module.DangerousGetHandle()))
            .Require("imports cannot be defined");

    /// <summary>Finds a definition in a store; false when there is none.</summary>
    public static bool TryGet(LinkerHandle linker, nint context, ReadOnlySpan<byte> module, ReadOnlySpan<byte> name, out ExternItem item)
    {
        fixed (byte* modulePointer = module, namePointer = name)
        fixed (ExternItem* pointer = &item)
        {
            return NativeMethods.wasmtime_linker_get(
                linker.DangerousGetHandle(), context, modulePointer, (nuint)module.Length, namePointer, (nuint)name.Length, pointer);
        }
    }

    /// <summary>Finds and checks the imports of a module; null, and what is wrong, when one does not fit.</summary>
    public static InstancePreHandle? Prepare(LinkerHandle linker, WasmModuleHandle module, out string? error)
    {
        nint instancePre;
        error = new NativeError(
            NativeMethods.wasmtime_linker_instantiate_pre(linker.DangerousGetHandle(), module.DangerousGetHandle(), &instancePre)).TakeFailure();
        return error is null ? new InstancePreHandle(instancePre) : null;
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

/// <summary>Making the linkers of components. One of the instances that it defines borrows the linker until it is deleted.</summary>
internal static unsafe class ComponentLinker
{
    public static ComponentLinkerHandle Create(EngineHandle engine) =>
        new(NativeMethods.wasmtime_component_linker_new(engine.DangerousGetHandle()));

    /// <summary>Offers an interface under the name, version included, that the component imports it by.</summary>
    /// <param name="linker">Where to.</param>
    /// <param name="import">The interface.</param>
    /// <param name="call">What is called for its functions. No exception may leave it.</param>
    /// <param name="drop">What is called when the guest has dropped a resource. No exception may leave it.</param>
    /// <param name="functionOf">What <paramref name="call"/> is handed first, by the function's name.</param>
    /// <param name="resourceOf">
    /// The type of a resource, by its name; <paramref name="drop"/> is handed it first. The same type under one name in every interface: an
    /// interface repeats those that it uses of another.
    /// </param>
    public static void Define(
        ComponentLinkerHandle linker, ComponentImport import,
        delegate* unmanaged<nint, nint, nint, ComponentValue*, nuint, ComponentValue*, nuint, nint> call,
        delegate* unmanaged<nint, nint, uint, nint> drop, Func<string, nint> functionOf, Func<string, uint> resourceOf)
    {
        var root = NativeMethods.wasmtime_component_linker_root(linker.DangerousGetHandle());
        var interfaceName = Encoding.UTF8.GetBytes(import.Name);
        nint instance;
        fixed (byte* pointer = interfaceName)
        {
            new NativeError(NativeMethods.wasmtime_component_linker_instance_add_instance(root, pointer, (nuint)interfaceName.Length, &instance))
                .Require($"{import.Name} cannot be defined");
        }

        foreach (var (name, kind) in import.Items!)
        {
            var utf8 = Encoding.UTF8.GetBytes(name);
            fixed (byte* pointer = utf8)
            {
                if (kind == ComponentItemKind.Func)
                {
                    new NativeError(NativeMethods.wasmtime_component_linker_instance_add_func(
                        instance, pointer, (nuint)utf8.Length, call, functionOf(name), 0)).Require($"{import.Name} {name} cannot be defined");
                }
                else if (kind == ComponentItemKind.Resource)
                {
                    var resource = resourceOf(name);
                    var type = NativeMethods.wasmtime_component_resource_type_new_host(resource);
                    new NativeError(NativeMethods.wasmtime_component_linker_instance_add_resource(
                        instance, pointer, (nuint)utf8.Length, type, drop, (nint)resource, 0)).Require($"{import.Name} {name} cannot be defined");
                    NativeMethods.wasmtime_component_resource_type_delete(type);
                }
            }
        }

        NativeMethods.wasmtime_component_linker_instance_delete(instance);
        NativeMethods.wasmtime_component_linker_instance_delete(root);
    }
}
