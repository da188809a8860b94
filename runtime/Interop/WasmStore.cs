using System.Runtime.InteropServices;

namespace Wagi.Runtime.Interop;

/// <summary>
/// A store with the one instance that lives in it. Owns a <c>wasmtime_store_t</c>; dispose it, once.
/// </summary>
internal readonly unsafe struct WasmStore : IDisposable
{
    // The guest's own, and one beside it that calls Wasmtime's WASI for it.
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
    /// <param name="data">As in <see cref="Begin"/>.</param>
    /// <param name="tick">Called when the epoch has moved on while the guest ran.</param>
    /// <param name="memoryLimit">Bytes that the linear memory may grow to.</param>
    /// <param name="tableElements">Elements that a table may grow to.</param>
    /// <param name="isComponent">Whether it is for a component, which is made of several modules.</param>
    /// <param name="memories">Linear memories that it may have, each of which may grow to <paramref name="memoryLimit"/>.</param>
    public static WasmStore Create(
        EngineHandle engine, nint data, delegate* unmanaged<nint, nint, ulong*, byte*, nint> tick, long memoryLimit, long tableElements,
        bool isComponent, int memories)
    {
        var store = new WasmStore(NativeMethods.wasmtime_store_new(engine.DangerousGetHandle(), data, 0));
        NativeMethods.wasmtime_store_limiter(
            store._store, memoryLimit, tableElements, isComponent ? MaxComponentInstances : MaxInstances, MaxTables, memories);
        NativeMethods.wasmtime_store_epoch_deadline_callback(store._store, tick, 0, 0);
        NativeMethods.wasmtime_context_set_epoch_deadline(store._context, 1);
        return store;
    }

    /// <summary>Another run begins with the instance.</summary>
    /// <param name="data">What host functions and the callback of the epoch find with the store.</param>
    public void Begin(nint data)
    {
        NativeMethods.wasmtime_context_set_data(_context, data);
        NativeMethods.wasmtime_context_set_epoch_deadline(_context, 1);
    }

    /// <summary>Gives the instance folders by Wasmtime's WASI, before it is made.</summary>
    /// <returns>Index of the folder that cannot be opened; -1 when all can.</returns>
    public int SetFolders(ReadOnlySpan<Preopen> folders)
    {
        var configuration = NativeMethods.wasi_config_new();
        for (var i = 0; i < folders.Length; i++)
        {
            fixed (byte* host = folders[i].HostPath, guest = folders[i].GuestPath)
            {
                if (!NativeMethods.wasi_config_preopen_dir(configuration, host, guest, !folders[i].IsReadOnly))
                {
                    NativeMethods.wasi_config_delete(configuration);
                    return i;
                }
            }
        }

        // It owns the configuration from here on.
        new NativeError(NativeMethods.wasmtime_context_set_wasi(_context, configuration)).Require("WASI cannot be set up");
        return -1;
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
                    linker.DangerousGetHandle(), _context, component.DangerousGetHandle(), pointer));
        }
    }

    /// <summary>Calls an exported function without parameters. Its result, when there was no error, is to be freed.</summary>
    public NativeError Call(ref ComponentInstanceRef instance, ComponentExportHandle export, out ComponentValue result)
    {
        ComponentFuncRef function;
        fixed (ComponentInstanceRef* pointer = &instance)
        {
            if (!NativeMethods.wasmtime_component_instance_get_func(pointer, _context, export.DangerousGetHandle(), &function))
            {
                throw new InvalidOperationException("the export is gone that the component was seen to have");
            }
        }

        ComponentValue value = default;
        var error = new NativeError(NativeMethods.wasmtime_component_func_call(&function, _context, null, 0, &value, 1));
        result = value;
        return error;
    }

    /// <summary>Calls an exported function without parameters and with at most <see cref="MaxResults"/> results.</summary>
    public NativeError Call(ref InstanceRef instance, ReadOnlySpan<byte> utf8Name) => Call(ref instance, utf8Name, out _);

    /// <summary>As <see cref="Call(ref InstanceRef, ReadOnlySpan{byte})"/>.</summary>
    /// <param name="instance">The instance.</param>
    /// <param name="utf8Name">The function's name.</param>
    /// <param name="result">The first result, if the function has one.</param>
    /// <param name="arguments">Its arguments, no more than <see cref="MaxResults"/>.</param>
    public NativeError Call(ref InstanceRef instance, ReadOnlySpan<byte> utf8Name, out RawValue result, params ReadOnlySpan<uint> arguments)
        => Call(Export(ref instance, utf8Name).Func, out result, arguments);

    /// <summary>Calls a function.</summary>
    /// <param name="function">The function.</param>
    /// <param name="result">The first result, if the function has one.</param>
    /// <param name="arguments">Its arguments, no more than <see cref="MaxResults"/>.</param>
    public NativeError Call(FuncRef function, out RawValue result, params ReadOnlySpan<uint> arguments)
    {
        var values = stackalloc RawValue[MaxResults];
        for (var i = 0; i < arguments.Length; i++)
        {
            values[i].U64 = arguments[i];
        }

        nint trap = 0;
        var error = NativeMethods.wasmtime_func_call_unchecked(_context, &function, values, MaxResults, &trap);
        result = values[0];
        return new NativeError(error, trap);
    }

    /// <summary>What the instance exports under a name that its module was seen to have.</summary>
    public ExternItem Export(ref InstanceRef instance, ReadOnlySpan<byte> utf8Name) => TryExport(ref instance, utf8Name, out var item)
        ? item
        : throw new InvalidOperationException("the export is gone that the module was seen to have");

    /// <summary>What the instance exports under a name, if it does.</summary>
    public bool TryExport(ref InstanceRef instance, ReadOnlySpan<byte> utf8Name, out ExternItem item)
    {
        fixed (InstanceRef* pointer = &instance)
        fixed (byte* name = utf8Name)
        fixed (ExternItem* target = &item)
        {
            return NativeMethods.wasmtime_instance_export_get(_context, pointer, name, (nuint)utf8Name.Length, target);
        }
    }

    /// <summary>What is in a memory now, until the guest runs on.</summary>
    public ReadOnlySpan<byte> ReadMemory(MemoryRef memory) => new(
        NativeMethods.wasmtime_memory_data(_context, &memory), checked((int)NativeMethods.wasmtime_memory_data_size(_context, &memory)));

    /// <summary>The value of a global of a number, a vector or a function.</summary>
    public Value ReadGlobal(GlobalRef global)
    {
        Value value;
        NativeMethods.wasmtime_global_get(_context, &global, &value);
        return value;
    }

    /// <summary>Sets a global to a value that it has had.</summary>
    public bool TryWriteGlobal(GlobalRef global, Value value) => new NativeError(NativeMethods.wasmtime_global_set(_context, &global, &value)).TakeFailure() is null;

    /// <summary>Has the instance ask how large its memory is, which its creator has made smaller.</summary>
    /// <param name="memory">The memory.</param>
    /// <param name="size">Bytes that it has now.</param>
    /// <returns>False: the instance goes by another size.</returns>
    public bool TryShrink(MemoryRef memory, nuint size)
    {
        ulong before;
        return new NativeError(NativeMethods.wasmtime_memory_grow(_context, &memory, 0, &before)).TakeFailure() is null
            && NativeMethods.wasmtime_memory_data_size(_context, &memory) == size;
    }

    /// <summary>The elements of a table of functions; those that are null refer to no store.</summary>
    public FuncRef[] ReadTable(TableRef table)
    {
        var elements = new FuncRef[(uint)NativeMethods.wasmtime_table_size(_context, &table)];
        for (var i = 0; i < elements.Length; i++)
        {
            Value value;
            _ = NativeMethods.wasmtime_table_get(_context, &table, (ulong)i, &value);
            elements[i] = value.Func.Store == 0 ? default : value.Func;
        }

        return elements;
    }

    public void Dispose() => NativeMethods.wasmtime_store_delete(_store);
}

/// <summary>A folder of the host that a guest finds open.</summary>
/// <param name="HostPath">Where it is, ended by a NUL.</param>
/// <param name="GuestPath">What the guest knows it by, ended by a NUL.</param>
/// <param name="IsReadOnly">Whether the guest may only read.</param>
internal readonly record struct Preopen(byte[] HostPath, byte[] GuestPath, bool IsReadOnly);

/// <summary><c>wasmtime_component_instance_t</c>: names an instance inside its store; nothing to free.</summary>
[StructLayout(LayoutKind.Sequential, Size = 16)]
internal struct ComponentInstanceRef
{
    public ulong Store;
    public uint Index;
}

/// <summary><c>wasmtime_component_func_t</c>: names a function inside its store; nothing to free.</summary>
[StructLayout(LayoutKind.Sequential, Size = 32)]
internal struct ComponentFuncRef
{
    public ComponentInstanceRef Instance;
    public uint Index;

    public nint Export;
}
