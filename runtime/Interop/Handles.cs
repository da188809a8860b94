using Microsoft.Win32.SafeHandles;

namespace Wagi.Runtime.Interop;

/// <summary>Owns a native object and frees it once.</summary>
internal abstract unsafe class NativeHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    private readonly delegate*<nint, void> _free;

    protected NativeHandle(nint handle, delegate*<nint, void> free)
        : base(ownsHandle: true)
    {
        _free = free;
        SetHandle(handle);
    }

    protected override bool ReleaseHandle()
    {
        _free(handle);
        return true;
    }
}

/// <summary>Owns a <c>wasm_engine_t</c>.</summary>
internal sealed unsafe class EngineHandle(nint engine) : NativeHandle(engine, &NativeMethods.wasm_engine_delete);

/// <summary>Owns a <c>wasmtime_linker_t</c>. Two threads must not use it while something is being defined.</summary>
internal sealed unsafe class LinkerHandle(nint linker) : NativeHandle(linker, &NativeMethods.wasmtime_linker_delete);

/// <summary>Owns a <c>wasmtime_module_t</c>.</summary>
internal sealed unsafe class WasmModuleHandle(nint module) : NativeHandle(module, &NativeMethods.wasmtime_module_delete);

/// <summary>Owns a <c>wasmtime_instance_pre_t</c>: a module whose imports are found and checked.</summary>
internal sealed unsafe class InstancePreHandle(nint instancePre) : NativeHandle(instancePre, &NativeMethods.wasmtime_instance_pre_delete);

/// <summary>Owns a <c>wasmtime_component_t</c>.</summary>
internal sealed unsafe class ComponentHandle(nint component) : NativeHandle(component, &NativeMethods.wasmtime_component_delete);

/// <summary>Owns a <c>wasmtime_component_linker_t</c>.</summary>
internal sealed unsafe class ComponentLinkerHandle(nint linker) : NativeHandle(linker, &NativeMethods.wasmtime_component_linker_delete);

/// <summary>Owns a <c>wasmtime_component_export_index_t</c>.</summary>
internal sealed unsafe class ComponentExportHandle(nint export) : NativeHandle(export, &NativeMethods.wasmtime_component_export_index_delete);
