using System.Text;
using Wagi.Runtime.Wasi;

namespace Wagi.Runtime.Interop;

/// <summary>Making the linker of a component: WASI preview 2 under just the names, versions included, that the component imports.</summary>
internal static unsafe class ComponentLinker
{
    /// <param name="engine">The engine.</param>
    /// <param name="imports">The imports, of which every one is offered.</param>
    public static ComponentLinkerHandle Create(EngineHandle engine, IReadOnlyList<ComponentImport> imports)
    {
        var linker = new ComponentLinkerHandle(NativeMethods.wasmtime_component_linker_new(engine.DangerousGetHandle()));
        var root = NativeMethods.wasmtime_component_linker_root(linker.DangerousGetHandle());
        foreach (var import in imports)
        {
            nint instance;
            var utf8 = Encoding.UTF8.GetBytes(import.Name);
            fixed (byte* name = utf8)
            {
                Check(NativeMethods.wasmtime_component_linker_instance_add_instance(root, name, (nuint)utf8.Length, &instance), import.Name);
            }

            foreach (var (name, kind) in import.Items!)
            {
                Define(instance, import.Name, name, kind);
            }

            NativeMethods.wasmtime_component_linker_instance_delete(instance);
        }

        NativeMethods.wasmtime_component_linker_instance_delete(root);
        return linker;
    }

    private static void Define(nint instance, string interfaceName, string item, ComponentItemKind kind)
    {
        var utf8 = Encoding.UTF8.GetBytes(item);
        fixed (byte* name = utf8)
        {
            if (kind == ComponentItemKind.Func)
            {
                var function = Preview2Interfaces.Find(interfaceName, item);
                Check(
                    NativeMethods.wasmtime_component_linker_instance_add_func(
                        instance, name, (nuint)utf8.Length, &ComponentCalls.Call, (nint)function, 0),
                    interfaceName);
            }
            else if (kind == ComponentItemKind.Resource)
            {
                // The same type under one name in every interface: an interface repeats those that it uses of another.
                var resource = Preview2Interfaces.Resource(item);
                var type = NativeMethods.wasmtime_component_resource_type_new_host((uint)resource);
                Check(
                    NativeMethods.wasmtime_component_linker_instance_add_resource(
                        instance, name, (nuint)utf8.Length, type, &ComponentCalls.Drop, (nint)resource, 0),
                    interfaceName);
                NativeMethods.wasmtime_component_resource_type_delete(type);
            }
        }
    }

    private static void Check(nint nativeError, string name)
    {
        var failure = new NativeError(nativeError, 0);
        if (failure.IsFailure)
        {
            throw new InvalidOperationException($"{name} cannot be defined: {failure.TakeMessage()}");
        }
    }
}
