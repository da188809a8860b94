using System.Runtime.InteropServices;

namespace Wagi.Runtime.Interop;

/// <summary>The component model (<c>wasmtime/component/*.h</c>).</summary>
internal static unsafe partial class NativeMethods
{
    [LibraryImport(Library)]
    internal static partial void wasmtime_config_concurrency_support_set(nint config, [MarshalAs(UnmanagedType.U1)] bool enable);

    [LibraryImport(Library)]
    internal static partial void wasmtime_config_wasm_component_model_async_set(nint config, [MarshalAs(UnmanagedType.U1)] bool enable);

    [LibraryImport(Library)]
    internal static partial void wasmtime_pooling_allocation_config_total_component_instances_set(nint pool, uint count);

    // Components.
    [LibraryImport(Library)]
    internal static partial nint wasmtime_component_new(nint engine, byte* wasm, nuint length, nint* component);

    [LibraryImport(Library)]
    internal static partial nint wasmtime_component_serialize(nint component, ByteVec* nativeCode);

    [LibraryImport(Library)]
    internal static partial nint wasmtime_component_deserialize(nint engine, byte* nativeCode, nuint length, nint* component);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint wasmtime_component_deserialize_file(nint engine, string path, nint* component);

    [LibraryImport(Library)]
    internal static partial void wasmtime_component_delete(nint component);

    [LibraryImport(Library)]
    internal static partial nint wasmtime_component_get_export_index(nint component, nint instance, byte* name, nuint length);

    [LibraryImport(Library)]
    internal static partial void wasmtime_component_export_index_delete(nint export);

    // Types. What is returned, or written to the last parameter, is owned; names belong to the type that they came from.
    [LibraryImport(Library)]
    internal static partial nint wasmtime_component_type(nint component);

    [LibraryImport(Library)]
    internal static partial void wasmtime_component_type_delete(nint type);

    [LibraryImport(Library)]
    internal static partial nuint wasmtime_component_type_import_count(nint type, nint engine);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool wasmtime_component_type_import_nth(
        nint type, nint engine, nuint index, byte** name, nuint* length, nint* import);

    [LibraryImport(Library)]
    internal static partial nuint wasmtime_component_type_export_count(nint type, nint engine);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool wasmtime_component_type_export_nth(
        nint type, nint engine, nuint index, byte** name, nuint* length, nint* export);

    [LibraryImport(Library)]
    internal static partial void wasmtime_component_extern_type(nint item, ComponentItem* type);

    [LibraryImport(Library)]
    internal static partial void wasmtime_component_extern_delete(nint item);

    [LibraryImport(Library)]
    internal static partial void wasmtime_component_item_delete(ComponentItem* item);

    [LibraryImport(Library)]
    internal static partial nuint wasmtime_component_instance_type_export_count(nint type, nint engine);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool wasmtime_component_instance_type_export_nth(
        nint type, nint engine, nuint index, byte** name, nuint* length, nint* export);

    // Linker. A linker instance borrows the linker, and its parent, until it is deleted.
    [LibraryImport(Library)]
    internal static partial nint wasmtime_component_linker_new(nint engine);

    [LibraryImport(Library)]
    internal static partial void wasmtime_component_linker_delete(nint linker);

    [LibraryImport(Library)]
    internal static partial nint wasmtime_component_linker_root(nint linker);

    [LibraryImport(Library)]
    internal static partial nint wasmtime_component_linker_instance_add_instance(
        nint parent, byte* name, nuint length, nint* instance);

    [LibraryImport(Library)]
    internal static partial nint wasmtime_component_linker_instance_add_func(
        nint instance, byte* name, nuint length,
        delegate* unmanaged<nint, nint, nint, ComponentValue*, nuint, ComponentValue*, nuint, nint> callback, nint data, nint finalizer);

    [LibraryImport(Library)]
    internal static partial nint wasmtime_component_linker_instance_add_resource(
        nint instance, byte* name, nuint length, nint type, delegate* unmanaged<nint, nint, uint, nint> destructor, nint data, nint finalizer);

    [LibraryImport(Library)]
    internal static partial void wasmtime_component_linker_instance_delete(nint instance);

    [LibraryImport(Library)]
    internal static partial nint wasmtime_component_resource_type_new_host(uint id);

    [LibraryImport(Library)]
    internal static partial void wasmtime_component_resource_type_delete(nint type);

    // Instances and calls.
    [LibraryImport(Library)]
    internal static partial nint wasmtime_component_linker_instantiate(
        nint linker, nint context, nint component, ComponentInstanceRef* instance);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool wasmtime_component_instance_get_func(
        ComponentInstanceRef* instance, nint context, nint export, ComponentFuncRef* func);

    [LibraryImport(Library)]
    internal static partial nint wasmtime_component_func_call(
        ComponentFuncRef* func, nint context, ComponentValue* arguments, nuint argumentCount, ComponentValue* results, nuint resultCount);

    // Values. Those that hold pointers own what they point to; the caller of a host function frees its arguments and results.
    [LibraryImport(Library)]
    internal static partial ComponentValue* wasmtime_component_val_new(ComponentValue* value);

    [LibraryImport(Library)]
    internal static partial void wasmtime_component_val_delete(ComponentValue* value);

    [LibraryImport(Library)]
    internal static partial void wasmtime_component_vallist_new(ComponentVec* vec, nuint count, ComponentValue* values);

    [LibraryImport(Library)]
    internal static partial void wasmtime_component_vallist_new_uninit(ComponentVec* vec, nuint count);

    [LibraryImport(Library)]
    internal static partial void wasmtime_component_valtuple_new(ComponentVec* vec, nuint count, ComponentValue* values);

    [LibraryImport(Library)]
    internal static partial void wasmtime_component_valrecord_new(ComponentVec* vec, nuint count, ComponentField* fields);

    [LibraryImport(Library)]
    internal static partial void wasm_byte_vec_new(ByteVec* vec, nuint count, byte* bytes);

    [LibraryImport(Library)]
    internal static partial nint wasmtime_component_resource_host_new([MarshalAs(UnmanagedType.U1)] bool owned, uint representation, uint type);

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial uint wasmtime_component_resource_host_rep(nint resource);

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial uint wasmtime_component_resource_host_type(nint resource);

    [LibraryImport(Library)]
    internal static partial void wasmtime_component_resource_host_delete(nint resource);

    [LibraryImport(Library)]
    internal static partial nint wasmtime_component_resource_any_to_host(nint context, nint any, nint* resource);

    [LibraryImport(Library)]
    internal static partial nint wasmtime_component_resource_host_to_any(nint context, nint resource, nint* any);
}
