namespace Wagi.Runtime.Interop;

/// <summary>A call of a component to the host: its arguments, and where the result goes.</summary>
internal readonly unsafe ref struct ComponentCall
{
    private readonly nint _context;
    private readonly ReadOnlySpan<ComponentValue> _arguments;
    private readonly Span<ComponentValue> _results;

    public ComponentCall(nint context, ComponentValue* arguments, nuint count, ComponentValue* results, nuint resultCount)
    {
        _context = context;
        _arguments = new ReadOnlySpan<ComponentValue>(arguments, (int)count);
        _results = new Span<ComponentValue>(results, (int)resultCount);
    }

    /// <summary>An argument.</summary>
    /// <exception cref="TrapException">The component has declared the function without it.</exception>
    public ref readonly ComponentValue this[int index]
    {
        get
        {
            if (index >= _arguments.Length)
            {
                throw new TrapException("a WASI function was called with fewer arguments than it has");
            }

            return ref _arguments[index];
        }
    }

    /// <summary>Gives the result. For functions that have one, once. Wasmtime compares its type with what the component declared.</summary>
    /// <exception cref="TrapException">The component has declared the function without a result.</exception>
    public void Return(ComponentValue value)
    {
        if (_results.IsEmpty)
        {
            value.Free();
            throw new TrapException("a WASI function was declared without the result that it has");
        }

        _results[0] = value;
    }

    /// <summary>A new resource for the guest.</summary>
    /// <param name="type">Its type, as the linker knows it.</param>
    /// <param name="representation">What it will be known by here; the guest cannot see or forge it.</param>
    public ComponentValue NewResource(uint type, uint representation = 0)
    {
        var resource = NativeMethods.wasmtime_component_resource_host_new(true, representation, type);
        nint any;
        var failure = new NativeError(NativeMethods.wasmtime_component_resource_host_to_any(_context, resource, &any));
        NativeMethods.wasmtime_component_resource_host_delete(resource);
        return failure.IsFailure ? throw new TrapException(failure.TakeMessage()) : ComponentValue.Resource(any);
    }

    /// <summary>The representation of a resource that the guest passed. Call it once for each, whether it is needed or not.</summary>
    /// <exception cref="TrapException">It is not of that type.</exception>
    public uint Representation(in ComponentValue value, uint type)
    {
        nint resource;
        var failure = new NativeError(NativeMethods.wasmtime_component_resource_any_to_host(_context, value.AsResource, &resource));
        if (failure.IsFailure)
        {
            throw new TrapException(failure.TakeMessage());
        }

        var representation = NativeMethods.wasmtime_component_resource_host_rep(resource);
        var isOfType = NativeMethods.wasmtime_component_resource_host_type(resource) == type;
        NativeMethods.wasmtime_component_resource_host_delete(resource);
        return isOfType ? representation : throw new TrapException("a WASI function was handed a resource of another type");
    }
}
