using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Wagi.Runtime.Interop;

/// <summary>Making components, and looking into them.</summary>
internal static unsafe class WasmComponent
{
    // Wasmtime says in the flags of the ELF header what the native code is of.
    private const int ElfFlags = 48;
    private const uint ElfFlagComponent = 2;

    /// <summary>How much of native code <see cref="IsNativeCode"/> wants to see.</summary>
    public const int NativeHeaderSize = 64;

    /// <summary>Whether native code is a component's, by its header.</summary>
    public static bool IsNativeCode(ReadOnlySpan<byte> nativeCode) =>
        nativeCode.Length >= NativeHeaderSize
        && (BinaryPrimitives.ReadUInt32LittleEndian(nativeCode[ElfFlags..]) & ElfFlagComponent) != 0;

    /// <summary>Wasm to native code, or what is wrong with it.</summary>
    public static byte[]? Compile(EngineHandle engine, ReadOnlySpan<byte> wasm, out string? error)
    {
        nint component;
        fixed (byte* pointer = wasm)
        {
            using var owner = Own(
                NativeMethods.wasmtime_component_new(engine.DangerousGetHandle(), pointer, (nuint)wasm.Length, &component), &component, out error);
            if (owner is null)
            {
                return null;
            }

            ByteVec nativeCode;
            error = new NativeError(NativeMethods.wasmtime_component_serialize(component, &nativeCode)).TakeFailure();
            return error is null ? nativeCode.TakeBytes() : null;
        }
    }

    /// <summary>As <see cref="WasmEngine.Deserialize"/>.</summary>
    public static ComponentHandle? Deserialize(EngineHandle engine, ReadOnlySpan<byte> nativeCode, out string? error)
    {
        nint component;
        fixed (byte* pointer = nativeCode)
        {
            return Own(
                NativeMethods.wasmtime_component_deserialize(engine.DangerousGetHandle(), pointer, (nuint)nativeCode.Length, &component),
                &component, out error);
        }
    }

    /// <summary>As <see cref="WasmEngine.DeserializeFile"/>.</summary>
    public static ComponentHandle? DeserializeFile(EngineHandle engine, string path, out string? error)
    {
        nint component;
        return Own(
            NativeMethods.wasmtime_component_deserialize_file(engine.DangerousGetHandle(), path, &component), &component, out error);
    }

    /// <summary>What the component imports.</summary>
    public static List<ComponentImport> Imports(EngineHandle engine, ComponentHandle component)
    {
        var type = NativeMethods.wasmtime_component_type(component.DangerousGetHandle());
        var count = NativeMethods.wasmtime_component_type_import_count(type, engine.DangerousGetHandle());
        var imports = new List<ComponentImport>((int)count);
        for (nuint i = 0; i < count; i++)
        {
            byte* name;
            nuint length;
            nint import;
            if (!NativeMethods.wasmtime_component_type_import_nth(type, engine.DangerousGetHandle(), i, &name, &length, &import))
            {
                continue;
            }

            ComponentItem item;
            NativeMethods.wasmtime_component_extern_type(import, &item);
            imports.Add(new ComponentImport(
                Encoding.UTF8.GetString(name, (int)length),
                item.Kind == ComponentItemKind.Instance ? Items(engine, item.Type) : null));
            NativeMethods.wasmtime_component_item_delete(&item);
            NativeMethods.wasmtime_component_extern_delete(import);
        }

        NativeMethods.wasmtime_component_type_delete(type);
        return imports;
    }

    /// <summary>The names of what the component exports.</summary>
    public static List<string> Exports(EngineHandle engine, ComponentHandle component)
    {
        var type = NativeMethods.wasmtime_component_type(component.DangerousGetHandle());
        var count = NativeMethods.wasmtime_component_type_export_count(type, engine.DangerousGetHandle());
        var exports = new List<string>((int)count);
        for (nuint i = 0; i < count; i++)
        {
            byte* name;
            nuint length;
            nint export;
            if (NativeMethods.wasmtime_component_type_export_nth(type, engine.DangerousGetHandle(), i, &name, &length, &export))
            {
                exports.Add(Encoding.UTF8.GetString(name, (int)length));
                NativeMethods.wasmtime_component_extern_delete(export);
            }
        }

        NativeMethods.wasmtime_component_type_delete(type);
        return exports;
    }

    /// <summary>A function of an interface that the component exports; null when there is none.</summary>
    public static ComponentExportHandle? FindExport(ComponentHandle component, string interfaceName, string function)
    {
        using var instance = FindExport(component, 0, interfaceName);
        return instance is null ? null : FindExport(component, instance.DangerousGetHandle(), function);
    }

    private static ComponentExportHandle? FindExport(ComponentHandle component, nint instance, string name)
    {
        var utf8 = Encoding.UTF8.GetBytes(name);
        fixed (byte* pointer = utf8)
        {
            var index = NativeMethods.wasmtime_component_get_export_index(
                component.DangerousGetHandle(), instance, pointer, (nuint)utf8.Length);
            return index == 0 ? null : new ComponentExportHandle(index);
        }
    }

    private static List<(string Name, ComponentItemKind Kind)> Items(EngineHandle engine, nint type)
    {
        var count = NativeMethods.wasmtime_component_instance_type_export_count(type, engine.DangerousGetHandle());
        var items = new List<(string, ComponentItemKind)>((int)count);
        for (nuint i = 0; i < count; i++)
        {
            byte* name;
            nuint length;
            nint export;
            if (NativeMethods.wasmtime_component_instance_type_export_nth(type, engine.DangerousGetHandle(), i, &name, &length, &export))
            {
                ComponentItem item;
                NativeMethods.wasmtime_component_extern_type(export, &item);
                items.Add((Encoding.UTF8.GetString(name, (int)length), item.Kind));
                NativeMethods.wasmtime_component_item_delete(&item);
                NativeMethods.wasmtime_component_extern_delete(export);
            }
        }

        return items;
    }

    private static ComponentHandle? Own(nint nativeError, nint* component, out string? error)
    {
        error = new NativeError(nativeError).TakeFailure();
        return error is null ? new ComponentHandle(*component) : null;
    }
}

/// <summary>An import of a component.</summary>
/// <param name="Name">Its name, for an interface with the version: <c>wasi:cli/stdout@0.2.3</c>.</param>
/// <param name="Items">What it wants of that interface; null when the import is no interface.</param>
internal sealed record ComponentImport(string Name, IReadOnlyList<(string Name, ComponentItemKind Kind)>? Items);

/// <summary><c>wasmtime_component_item_kind_t</c>, the kinds that are looked for here.</summary>
internal enum ComponentItemKind : byte
{
    Instance = 1,
    Func = 3,
    Resource = 4,
}

/// <summary><c>wasmtime_component_item_t</c>: the type of an import or export. Owns what it points to.</summary>
[StructLayout(LayoutKind.Explicit, Size = 24)]
internal struct ComponentItem
{
    [FieldOffset(0)]
    public ComponentItemKind Kind;

    [FieldOffset(8)]
    public nint Type;
}
