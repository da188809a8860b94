using System.Runtime.InteropServices;

namespace Wagi.Runtime.Interop;

/// <summary>
/// The part of Wasmtime's C API that is used here, as its headers (<c>wasm.h</c>, <c>wasmtime.h</c>) name it. Functions that only
/// read or write a field skip the GC transition; everything that may run guest code, allocate or block does not.
/// </summary>
internal static unsafe partial class NativeMethods
{
    private const string Library = "wasmtime";

    // Configuration and engine. wasm_engine_new_with_config takes ownership of the configuration.
    [LibraryImport(Library)]
    internal static partial nint wasm_config_new();

    [LibraryImport(Library)]
    internal static partial void wasmtime_config_epoch_interruption_set(nint config, [MarshalAs(UnmanagedType.U1)] bool enable);

    [LibraryImport(Library)]
    internal static partial void wasmtime_config_max_wasm_stack_set(nint config, nuint bytes);

    [LibraryImport(Library)]
    internal static partial void wasmtime_config_memory_init_cow_set(nint config, [MarshalAs(UnmanagedType.U1)] bool enable);

    [LibraryImport(Library)]
    internal static partial void wasmtime_config_wasm_threads_set(nint config, [MarshalAs(UnmanagedType.U1)] bool enable);

    [LibraryImport(Library)]
    internal static partial void wasmtime_config_wasm_multi_memory_set(nint config, [MarshalAs(UnmanagedType.U1)] bool enable);

    [LibraryImport(Library)]
    internal static partial void wasmtime_config_memory_reservation_set(nint config, ulong bytes);

    [LibraryImport(Library)]
    internal static partial void wasmtime_config_memory_guard_size_set(nint config, ulong bytes);

    [LibraryImport(Library)]
    internal static partial void wasmtime_config_memory_may_move_set(nint config, [MarshalAs(UnmanagedType.U1)] bool enable);

    /// <summary>Copies the structure.</summary>
    [LibraryImport(Library)]
    internal static partial void wasmtime_config_host_memory_creator_set(nint config, MemoryCreator* creator);

    [LibraryImport(Library)]
    internal static partial nint wasmtime_pooling_allocation_config_new();

    [LibraryImport(Library)]
    internal static partial void wasmtime_pooling_allocation_config_delete(nint pool);

    [LibraryImport(Library)]
    internal static partial void wasmtime_pooling_allocation_config_total_core_instances_set(nint pool, uint count);

    [LibraryImport(Library)]
    internal static partial void wasmtime_pooling_allocation_config_total_memories_set(nint pool, uint count);

    [LibraryImport(Library)]
    internal static partial void wasmtime_pooling_allocation_config_total_gc_heaps_set(nint pool, uint count);

    [LibraryImport(Library)]
    internal static partial void wasmtime_pooling_allocation_config_total_stacks_set(nint pool, uint count);

    [LibraryImport(Library)]
    internal static partial void wasmtime_pooling_allocation_config_total_tables_set(nint pool, uint count);

    [LibraryImport(Library)]
    internal static partial void wasmtime_pooling_allocation_config_max_tables_per_module_set(nint pool, uint count);

    [LibraryImport(Library)]
    internal static partial void wasmtime_pooling_allocation_config_table_elements_set(nint pool, nuint count);

    [LibraryImport(Library)]
    internal static partial void wasmtime_pooling_allocation_config_max_memory_size_set(nint pool, nuint bytes);

    [LibraryImport(Library)]
    internal static partial void wasmtime_pooling_allocation_config_linear_memory_keep_resident_set(nint pool, nuint bytes);

    [LibraryImport(Library)]
    internal static partial void wasmtime_pooling_allocation_config_table_keep_resident_set(nint pool, nuint bytes);

    [LibraryImport(Library)]
    internal static partial void wasmtime_pooling_allocation_strategy_set(nint config, nint pool);

    [LibraryImport(Library)]
    internal static partial nint wasm_engine_new_with_config(nint config);

    [LibraryImport(Library)]
    internal static partial void wasm_engine_delete(nint engine);

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial void wasmtime_engine_increment_epoch(nint engine);

    // Modules.
    [LibraryImport(Library)]
    internal static partial nint wasmtime_wat2wasm(byte* text, nuint length, ByteVec* wasm);

    [LibraryImport(Library)]
    internal static partial nint wasmtime_module_new(nint engine, byte* wasm, nuint length, nint* module);

    [LibraryImport(Library)]
    internal static partial nint wasmtime_module_serialize(nint module, ByteVec* nativeCode);

    [LibraryImport(Library)]
    internal static partial nint wasmtime_module_deserialize(nint engine, byte* nativeCode, nuint length, nint* module);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint wasmtime_module_deserialize_file(nint engine, string path, nint* module);

    [LibraryImport(Library)]
    internal static partial void wasmtime_module_delete(nint module);

    [LibraryImport(Library)]
    internal static partial void wasmtime_module_imports(nint module, PointerVec* imports);

    [LibraryImport(Library)]
    internal static partial void wasmtime_module_exports(nint module, PointerVec* exports);

    // Types. The getters return pointers that their owner keeps.
    [LibraryImport(Library)]
    internal static partial void wasm_importtype_vec_delete(PointerVec* imports);

    [LibraryImport(Library)]
    internal static partial ByteVec* wasm_importtype_module(nint import);

    [LibraryImport(Library)]
    internal static partial ByteVec* wasm_importtype_name(nint import);

    [LibraryImport(Library)]
    internal static partial void wasm_exporttype_vec_delete(PointerVec* exports);

    [LibraryImport(Library)]
    internal static partial ByteVec* wasm_exporttype_name(nint export);

    [LibraryImport(Library)]
    internal static partial nint wasm_exporttype_type(nint export);

    [LibraryImport(Library)]
    internal static partial byte wasm_externtype_kind(nint type);

    [LibraryImport(Library)]
    internal static partial nint wasm_externtype_as_functype_const(nint type);

    [LibraryImport(Library)]
    internal static partial PointerVec* wasm_functype_params(nint type);

    [LibraryImport(Library)]
    internal static partial PointerVec* wasm_functype_results(nint type);

    [LibraryImport(Library)]
    internal static partial nint wasm_valtype_new(byte kind);

    [LibraryImport(Library)]
    internal static partial void wasm_valtype_vec_new(PointerVec* vec, nuint count, nint* types);

    // Takes ownership of both vectors.
    [LibraryImport(Library)]
    internal static partial nint wasm_functype_new(PointerVec* parameters, PointerVec* results);

    [LibraryImport(Library)]
    internal static partial void wasm_functype_delete(nint type);

    // Linker.
    [LibraryImport(Library)]
    internal static partial nint wasmtime_linker_new(nint engine);

    [LibraryImport(Library)]
    internal static partial void wasmtime_linker_delete(nint linker);

    [LibraryImport(Library)]
    internal static partial nint wasmtime_linker_define_func_unchecked(
        nint linker, byte* module, nuint moduleLength, byte* name, nuint nameLength, nint type,
        delegate* unmanaged<nint, nint, RawValue*, nuint, nint> callback, nint data, nint finalizer);

    [LibraryImport(Library)]
    internal static partial void wasmtime_linker_allow_shadowing(nint linker, [MarshalAs(UnmanagedType.U1)] bool allow);

    [LibraryImport(Library)]
    internal static partial nint wasmtime_linker_define_wasi(nint linker);

    [LibraryImport(Library)]
    internal static partial nint wasmtime_linker_define_unknown_imports_as_traps(nint linker, nint module);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool wasmtime_linker_get(
        nint linker, nint context, byte* module, nuint moduleLength, byte* name, nuint nameLength, ExternItem* item);

    [LibraryImport(Library)]
    internal static partial nint wasmtime_linker_instantiate_pre(nint linker, nint module, nint* instancePre);

    [LibraryImport(Library)]
    internal static partial void wasmtime_instance_pre_delete(nint instancePre);

    // Store and instance.
    [LibraryImport(Library)]
    internal static partial nint wasmtime_store_new(nint engine, nint data, nint finalizer);

    [LibraryImport(Library)]
    internal static partial void wasmtime_store_delete(nint store);

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial nint wasmtime_store_context(nint store);

    [LibraryImport(Library)]
    internal static partial void wasmtime_store_limiter(
        nint store, long memoryBytes, long tableElements, long instances, long tables, long memories);

    [LibraryImport(Library)]
    internal static partial void wasmtime_store_epoch_deadline_callback(
        nint store, delegate* unmanaged<nint, nint, ulong*, byte*, nint> callback, nint data, nint finalizer);

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial void wasmtime_context_set_epoch_deadline(nint context, ulong ticks);

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial nint wasmtime_context_get_data(nint context);

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial void wasmtime_context_set_data(nint context, nint data);

    // Takes ownership of the configuration, even when it fails.
    [LibraryImport(Library)]
    internal static partial nint wasmtime_context_set_wasi(nint context, nint configuration);

    [LibraryImport(Library)]
    internal static partial nint wasi_config_new();

    [LibraryImport(Library)]
    internal static partial void wasi_config_delete(nint configuration);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool wasi_config_preopen_dir(
        nint configuration, byte* hostPath, byte* guestPath, [MarshalAs(UnmanagedType.U1)] bool isMutable);

    [LibraryImport(Library)]
    internal static partial nint wasmtime_instance_new(
        nint context, nint module, ExternItem* imports, nuint count, InstanceRef* instance, nint* trap);

    [LibraryImport(Library)]
    internal static partial nint wasmtime_instance_pre_instantiate(nint instancePre, nint context, InstanceRef* instance, nint* trap);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool wasmtime_instance_export_get(nint context, InstanceRef* instance, byte* name, nuint length, ExternItem* item);

    [LibraryImport(Library)]
    internal static partial nint wasmtime_func_call_unchecked(
        nint context, FuncRef* func, RawValue* argumentsAndResults, nuint length, nint* trap);

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial nint wasmtime_caller_context(nint caller);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool wasmtime_caller_export_get(nint caller, byte* name, nuint length, ExternItem* item);

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial byte* wasmtime_memory_data(nint context, MemoryRef* memory);

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial nuint wasmtime_memory_data_size(nint context, MemoryRef* memory);

    // A page count in each of the two: of how many it grows, and how many there were.
    [LibraryImport(Library)]
    internal static partial nint wasmtime_memory_grow(nint context, MemoryRef* memory, ulong delta, ulong* before);

    [LibraryImport(Library)]
    internal static partial void wasmtime_global_get(nint context, GlobalRef* global, Value* value);

    [LibraryImport(Library)]
    internal static partial nint wasmtime_global_set(nint context, GlobalRef* global, Value* value);

    [LibraryImport(Library)]
    internal static partial ulong wasmtime_table_size(nint context, TableRef* table);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool wasmtime_table_get(nint context, TableRef* table, ulong index, Value* value);

    // Errors and traps, owned by whoever receives them.
    [LibraryImport(Library)]
    internal static partial nint wasmtime_error_new(byte* message);

    [LibraryImport(Library)]
    internal static partial void wasmtime_error_message(nint error, ByteVec* message);

    [LibraryImport(Library)]
    internal static partial void wasmtime_error_delete(nint error);

    [LibraryImport(Library)]
    internal static partial nint wasmtime_trap_new(byte* message, nuint length);

    [LibraryImport(Library)]
    internal static partial void wasm_trap_message(nint trap, ByteVec* message);

    [LibraryImport(Library)]
    internal static partial void wasm_trap_delete(nint trap);

    [LibraryImport(Library)]
    internal static partial void wasm_byte_vec_delete(ByteVec* vec);
}
