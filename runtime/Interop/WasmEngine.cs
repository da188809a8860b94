using System.Text;

namespace Wagi.Runtime.Interop;

/// <summary>Making engines and modules.</summary>
internal static unsafe class WasmEngine
{
    private const uint TablesPerInstance = 4;

    /// <summary>
    /// A guest with volumes has a second, tiny instance beside its own that calls Wasmtime's WASI for it, a component one for each of its
    /// modules. Instances by themselves take no address space; memories and tables do.
    /// </summary>
    public const uint InstancesPerGuest = 16;

    /// <summary>Memories that a component may have that is composed of others.</summary>
    public const int MemoriesOfComponent = 4;

    /// <summary>The index space of a 32-bit memory: with all of it reserved, compiled code needs no bounds checks.</summary>
    public static readonly nuint MaxMemorySize = unchecked((nuint)(4UL << 30));

    /// <summary>An engine with epoch interruption.</summary>
    /// <exception cref="InvalidOperationException">The address space for the pool cannot be reserved.</exception>
    /// <param name="maxInstances">Guests that can run at the same time.</param>
    /// <param name="memoriesOfGuest">Memories of each in the pool: its own, and one beside it for the files of a component, or those of a component.</param>
    /// <param name="maxTableElements">Elements of a table.</param>
    /// <param name="stackSize">Bytes of stack.</param>
    /// <param name="keepResident">Bytes of a slot that stay in memory when its guest is gone.</param>
    /// <param name="memories">Makes linear memories; null: the pool has them, copy on write.</param>
    /// <param name="checksBounds">
    /// Whether code compares each address with the size of the memory, which takes it longer; then the creator of memories is told of no
    /// address space to reserve.
    /// </param>
    /// <param name="isForComponents">Whether it runs components as they are, not modules.</param>
    /// <param name="readsDebugInfo">Whether code keeps the debug information of its module, so that a trap names files and lines.</param>
    public static EngineHandle Create(
        int maxInstances, int memoriesOfGuest, int maxTableElements, int stackSize, int keepResident, MemoryCreator* memories, bool checksBounds, bool isForComponents,
        bool readsDebugInfo)
    {
        var config = DebugInfo.NewConfiguration(readsDebugInfo);
        NativeMethods.wasmtime_config_epoch_interruption_set(config, true);
        NativeMethods.wasmtime_config_max_wasm_stack_set(config, (nuint)stackSize);

        // One memory, and one thread: refused when a module is compiled, not when it is to run. What Wasmtime makes to hand strings from one
        // component to another has two memories; of a module in a component, the pool refuses a second one.
        NativeMethods.wasmtime_config_wasm_threads_set(config, false);
        NativeMethods.wasmtime_config_wasm_multi_memory_set(config, isForComponents);

        // WASI preview 2 does without; and with it, Wasmtime 50 traps a host function that is handed two borrowed resources.
        NativeMethods.wasmtime_config_wasm_component_model_async_set(config, false);
        NativeMethods.wasmtime_config_concurrency_support_set(config, false);

        // Wasmtime's own images are for memories of its own.
        NativeMethods.wasmtime_config_memory_init_cow_set(config, memories == null);
        if (memories != null)
        {
            NativeMethods.wasmtime_config_memory_reservation_set(config, checksBounds ? 0 : MaxMemorySize);
            if (checksBounds)
            {
                // Code that counts on a guard right behind the memory checks no more than the address without offset and length.
                NativeMethods.wasmtime_config_memory_guard_size_set(config, 0);
            }

            NativeMethods.wasmtime_config_memory_may_move_set(config, false);
            NativeMethods.wasmtime_config_host_memory_creator_set(config, memories);
        }
        else
        {
            UsePool(config, (uint)maxInstances, (uint)memoriesOfGuest, maxTableElements, keepResident);
        }

        // Takes ownership of the configuration, even when it fails.
        var engine = NativeMethods.wasm_engine_new_with_config(config);
        return engine != 0
            ? new EngineHandle(engine)
            : throw new InvalidOperationException(
                $"address space for {maxInstances} instances cannot be reserved; lower the number of instances");
    }

    private static void UsePool(nint config, uint guests, uint memoriesOfGuest, int maxTableElements, int keepResident)
    {
        var pool = NativeMethods.wasmtime_pooling_allocation_config_new();
        NativeMethods.wasmtime_pooling_allocation_config_total_core_instances_set(pool, guests * InstancesPerGuest);
        NativeMethods.wasmtime_pooling_allocation_config_total_component_instances_set(pool, guests);
        NativeMethods.wasmtime_pooling_allocation_config_total_memories_set(pool, guests * memoriesOfGuest);
        NativeMethods.wasmtime_pooling_allocation_config_total_gc_heaps_set(pool, guests);

        // Stacks are for asynchronous calls, of which we make none; by default there are a thousand, 2 GB of writable address space.
        NativeMethods.wasmtime_pooling_allocation_config_total_stacks_set(pool, 1);
        NativeMethods.wasmtime_pooling_allocation_config_total_tables_set(pool, guests * TablesPerInstance);
        NativeMethods.wasmtime_pooling_allocation_config_max_tables_per_module_set(pool, TablesPerInstance);
        NativeMethods.wasmtime_pooling_allocation_config_table_elements_set(pool, (nuint)maxTableElements);
        NativeMethods.wasmtime_pooling_allocation_config_max_memory_size_set(pool, MaxMemorySize);
        NativeMethods.wasmtime_pooling_allocation_config_linear_memory_keep_resident_set(pool, (nuint)keepResident);
        NativeMethods.wasmtime_pooling_allocation_config_table_keep_resident_set(pool, (nuint)keepResident);
        NativeMethods.wasmtime_pooling_allocation_strategy_set(config, pool);
        NativeMethods.wasmtime_pooling_allocation_config_delete(pool);
    }

    public static void IncrementEpoch(EngineHandle engine) =>
        NativeMethods.wasmtime_engine_increment_epoch(engine.DangerousGetHandle());

    /// <summary>WebAssembly text to Wasm, or what is wrong with it.</summary>
    public static byte[]? ParseText(ReadOnlySpan<byte> text, out string? error)
    {
        ByteVec wasm;
        fixed (byte* pointer = text)
        {
            error = new NativeError(NativeMethods.wasmtime_wat2wasm(pointer, (nuint)text.Length, &wasm)).TakeFailure();
        }

        return error is null ? wasm.TakeBytes() : null;
    }

    /// <summary>Wasm to native code, or what is wrong with it.</summary>
    public static byte[]? Compile(EngineHandle engine, ReadOnlySpan<byte> wasm, out string? error)
    {
        nint module;
        fixed (byte* pointer = wasm)
        {
            using var owner = Own(
                NativeMethods.wasmtime_module_new(engine.DangerousGetHandle(), pointer, (nuint)wasm.Length, &module), &module, out error);
            if (owner is null)
            {
                return null;
            }

            ByteVec nativeCode;
            error = new NativeError(NativeMethods.wasmtime_module_serialize(module, &nativeCode)).TakeFailure();
            return error is null ? nativeCode.TakeBytes() : null;
        }
    }

    /// <summary>Native code to a module. It must be the work of <see cref="Compile"/>: Wasmtime checks its version, not its contents.</summary>
    public static WasmModuleHandle? Deserialize(EngineHandle engine, ReadOnlySpan<byte> nativeCode, out string? error)
    {
        nint module;
        fixed (byte* pointer = nativeCode)
        {
            return Own(
                NativeMethods.wasmtime_module_deserialize(
                    engine.DangerousGetHandle(), pointer, (nuint)nativeCode.Length, &module),
                &module, out error);
        }
    }

    /// <summary>As <see cref="Deserialize"/>, mapped from a file.</summary>
    public static WasmModuleHandle? DeserializeFile(EngineHandle engine, string path, out string? error)
    {
        nint module;
        return Own(NativeMethods.wasmtime_module_deserialize_file(engine.DangerousGetHandle(), path, &module), &module, out error);
    }

    /// <summary>What the module imports: module and name.</summary>
    public static List<(string Module, string Name)> Imports(WasmModuleHandle module)
    {
        PointerVec vec;
        NativeMethods.wasmtime_module_imports(module.DangerousGetHandle(), &vec);
        var imports = new List<(string, string)>((int)vec.Size);
        for (nuint i = 0; i < vec.Size; i++)
        {
            imports.Add((
                NativeMethods.wasm_importtype_module(vec.Data[i])->Text,
                NativeMethods.wasm_importtype_name(vec.Data[i])->Text));
        }

        NativeMethods.wasm_importtype_vec_delete(&vec);
        return imports;
    }

    /// <summary>The functions that the module exports.</summary>
    public static Dictionary<string, ExportedFunction> Functions(WasmModuleHandle module)
    {
        PointerVec vec;
        NativeMethods.wasmtime_module_exports(module.DangerousGetHandle(), &vec);
        var functions = new Dictionary<string, ExportedFunction>(StringComparer.Ordinal);
        for (nuint i = 0; i < vec.Size; i++)
        {
            var type = NativeMethods.wasm_exporttype_type(vec.Data[i]);
            if (NativeMethods.wasm_externtype_kind(type) != (byte)ExternKind.Func)
            {
                continue;
            }

            var function = NativeMethods.wasm_externtype_as_functype_const(type);
            var name = NativeMethods.wasm_exporttype_name(vec.Data[i])->Text;
            functions[name] = new ExportedFunction(
                Encoding.UTF8.GetBytes(name),
                (int)NativeMethods.wasm_functype_params(function)->Size,
                (int)NativeMethods.wasm_functype_results(function)->Size);
        }

        NativeMethods.wasm_exporttype_vec_delete(&vec);
        return functions;
    }

    /// <summary>The names of all that a module exports.</summary>
    public static HashSet<string> ExportNames(WasmModuleHandle module)
    {
        PointerVec vec;
        NativeMethods.wasmtime_module_exports(module.DangerousGetHandle(), &vec);
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (nuint i = 0; i < vec.Size; i++)
        {
            names.Add(NativeMethods.wasm_exporttype_name(vec.Data[i])->Text);
        }

        NativeMethods.wasm_exporttype_vec_delete(&vec);
        return names;
    }

    private static WasmModuleHandle? Own(nint nativeError, nint* module, out string? error)
    {
        error = new NativeError(nativeError).TakeFailure();
        return error is null ? new WasmModuleHandle(*module) : null;
    }
}

/// <summary>A function that a module exports.</summary>
/// <param name="Utf8Name">Its name.</param>
/// <param name="Parameters">How many parameters it takes.</param>
/// <param name="Results">How many results it gives.</param>
internal sealed record ExportedFunction(byte[] Utf8Name, int Parameters, int Results);
