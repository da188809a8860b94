using Wagi.Modules.Volumes;
using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Interop;

/// <summary>
/// A store with the one instance that lives in it: made for a request, gone with it. Owns a <c>wasmtime_store_t</c>; dispose it,
/// once.
/// </summary>
internal readonly unsafe ref struct WasmStore
{
    // The guest's own, and that of WasiBridge.
    private const long MaxInstances = 2;

    // Of the modules in a component: a program, the adapter that many toolchains put before it, and what holds the two together.
    private const long MaxComponentInstances = WasmEngine.InstancesPerGuest;

    // Results of an entrypoint are thrown away, but need room.
    public const int MaxResults = 4;

    private const long MaxTables = 8;

    private readonly nint _store;
    private readonly nint _context;

    private WasmStore(nint store)
    {
        _store = store;
        _context = NativeMethods.wasmtime_store_context(store);
    }

    /// <param name="engine">Its engine.</param>
    /// <param name="process">A <see cref="System.Runtime.InteropServices.GCHandle"/> of the guest's process, valid while the store is.</param>
    /// <param name="memoryLimit">Bytes that the linear memory may grow to.</param>
    /// <param name="tableElements">Elements that a table may grow to.</param>
    public static WasmStore Create(EngineHandle engine, nint process, long memoryLimit, long tableElements) =>
        Create(engine, process, memoryLimit, tableElements, MaxInstances);

    /// <summary>As <see cref="Create(EngineHandle, nint, long, long)"/>, for a component, which is made of several modules.</summary>
    public static WasmStore CreateForComponent(EngineHandle engine, nint process, long memoryLimit, long tableElements) =>
        Create(engine, process, memoryLimit, tableElements, MaxComponentInstances);

    private static WasmStore Create(EngineHandle engine, nint process, long memoryLimit, long tableElements, long instances)
    {
        var store = new WasmStore(NativeMethods.wasmtime_store_new(engine.DangerousGetHandle(), process, 0));
        NativeMethods.wasmtime_store_limiter(store._store, memoryLimit, tableElements, instances, MaxTables, 1);
        NativeMethods.wasmtime_store_epoch_deadline_callback(store._store, &HostCalls.Tick, process, 0);
        NativeMethods.wasmtime_context_set_epoch_deadline(store._context, 1);
        return store;
    }

    /// <summary>Gives the instance files, before it is made. Returns the volume that cannot be opened; null when all can.</summary>
    public Volume? SetFiles(GuestFiles files)
    {
        var configuration = NativeMethods.wasi_config_new();
        if (files.Open(configuration) is { } unopened)
        {
            NativeMethods.wasi_config_delete(configuration);
            return unopened;
        }

        // It owns the configuration from here on.
        var failure = new NativeError(NativeMethods.wasmtime_context_set_wasi(_context, configuration), 0);
        return failure.IsFailure ? throw new InvalidOperationException($"WASI cannot be set up: {failure.TakeMessage()}") : null;
    }

    public NativeError Instantiate(InstancePreHandle instancePre, out InstanceRef instance)
    {
        nint trap = 0;
        fixed (InstanceRef* pointer = &instance)
        {
            var error = NativeMethods.wasmtime_instance_pre_instantiate(
                instancePre.DangerousGetHandle(), _context, pointer, &trap);
            return new NativeError(error, trap);
        }
    }

    public NativeError Instantiate(ComponentLinkerHandle linker, ComponentHandle component, out ComponentInstanceRef instance)
    {
        fixed (ComponentInstanceRef* pointer = &instance)
        {
            return new NativeError(
                NativeMethods.wasmtime_component_linker_instantiate(
                    linker.DangerousGetHandle(), _context, component.DangerousGetHandle(), pointer),
                0);
        }
    }

    /// <summary>Calls an exported function that has no parameters and returns whether all went well.</summary>
    public NativeError Run(ref ComponentInstanceRef instance, ComponentExportHandle export, out bool isOk)
    {
        ComponentFuncRef function;
        fixed (ComponentInstanceRef* pointer = &instance)
        {
            if (!NativeMethods.wasmtime_component_instance_get_func(pointer, _context, export.DangerousGetHandle(), &function))
            {
                throw new InvalidOperationException("the export is gone that the component was seen to have");
            }
        }

        ComponentValue result = default;
        var error = new NativeError(NativeMethods.wasmtime_component_func_call(&function, _context, null, 0, &result, 1), 0);
        isOk = !error.IsFailure && result.IsOk;
        if (!error.IsFailure)
        {
            result.Free();
        }

        return error;
    }

    /// <summary>Calls an exported function without parameters and with at most <see cref="MaxResults"/> results.</summary>
    public NativeError Call(ref InstanceRef instance, ReadOnlySpan<byte> utf8Name)
    {
        ExternItem item;
        fixed (InstanceRef* pointer = &instance)
        fixed (byte* name = utf8Name)
        {
            if (!NativeMethods.wasmtime_instance_export_get(_context, pointer, name, (nuint)utf8Name.Length, &item))
            {
                throw new InvalidOperationException("the export is gone that the module was seen to have");
            }
        }

        var values = stackalloc RawValue[MaxResults];
        nint trap = 0;
        var error = NativeMethods.wasmtime_func_call_unchecked(_context, &item.Func, values, MaxResults, &trap);
        return new NativeError(error, trap);
    }

    public void Dispose() => NativeMethods.wasmtime_store_delete(_store);
}
