using System.Runtime.InteropServices;
using Wagi.Runtime.Wasi;

namespace Wagi.Runtime.Interop;

/// <summary>A call of a component to the host: its arguments, and where the result goes.</summary>
internal readonly unsafe ref struct ComponentCall(nint context, ReadOnlySpan<ComponentValue> arguments, Span<ComponentValue> results)
{
    private readonly nint _context = context;
    private readonly ReadOnlySpan<ComponentValue> _arguments = arguments;
    private readonly Span<ComponentValue> _results = results;

    /// <summary>An argument.</summary>
    /// <exception cref="GuestFaultException">The component has declared the function without it.</exception>
    public ref readonly ComponentValue this[int index]
    {
        get
        {
            if (index >= _arguments.Length)
            {
                throw new GuestFaultException("a WASI function was called with fewer arguments than it has");
            }

            return ref _arguments[index];
        }
    }

    /// <summary>Gives the result. For functions that have one, once. Wasmtime compares its type with what the component declared.</summary>
    /// <exception cref="GuestFaultException">The component has declared the function without a result.</exception>
    public void Return(ComponentValue value)
    {
        if (_results.IsEmpty)
        {
            value.Free();
            throw new GuestFaultException("a WASI function was declared without the result that it has");
        }

        _results[0] = value;
    }

    /// <summary>A new resource for the guest.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="representation">What it will be known by here; the guest cannot see or forge it.</param>
    public ComponentValue NewResource(Preview2Resource type, uint representation = 0)
    {
        var resource = NativeMethods.wasmtime_component_resource_host_new(true, representation, (uint)type);
        nint any;
        var failure = new NativeError(NativeMethods.wasmtime_component_resource_host_to_any(_context, resource, &any), 0);
        NativeMethods.wasmtime_component_resource_host_delete(resource);
        return failure.IsFailure ? throw new GuestFaultException(failure.TakeMessage()) : ComponentValue.Resource(any);
    }

    /// <summary>The representation of a resource that the guest handed in. To be called once for every one, used or not.</summary>
    /// <exception cref="GuestFaultException">It is not of that type.</exception>
    public uint Representation(in ComponentValue value, Preview2Resource type)
    {
        nint resource;
        var failure = new NativeError(NativeMethods.wasmtime_component_resource_any_to_host(_context, value.AsResource, &resource), 0);
        if (failure.IsFailure)
        {
            throw new GuestFaultException(failure.TakeMessage());
        }

        var representation = NativeMethods.wasmtime_component_resource_host_rep(resource);
        var isOfType = NativeMethods.wasmtime_component_resource_host_type(resource) == (uint)type;
        NativeMethods.wasmtime_component_resource_host_delete(resource);
        return isOfType ? representation : throw new GuestFaultException("a WASI function was handed a resource of another type");
    }
}
