using System.Runtime.InteropServices;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Interop;

namespace Wagi.Runtime.Wasi;

/// <summary>WASI preview 2 (0.2) for components, under just the versions that each imports.</summary>
internal sealed unsafe class Preview2 : IHostInterfaces
{
    /// <inheritdoc/>
    public string Description =>
        "WASI preview 2 (0.2) without files and network: wasi:cli, wasi:io, wasi:clocks, wasi:random, wasi:filesystem and wasi:sockets";

    /// <inheritdoc/>
    public required ILoweredInterfaces Lowered { get; init; }

    /// <inheritdoc/>
    public bool Offers(ComponentImport import) => import.Items is not null && Preview2Interfaces.IsOffered(import.Name);

    /// <inheritdoc/>
    public void Define(ComponentLinkerHandle linker, ComponentImport import) => ComponentLinker.Define(
        linker, import, &Call, &Drop,
        function => (nint)Preview2Interfaces.Find(import.Name, function), resource => (uint)Preview2Interfaces.Resource(resource));

    /// <summary>Called for a function; <paramref name="function"/> is the <see cref="Preview2Function"/>.</summary>
    [UnmanagedCallersOnly]
    private static nint Call(
        nint function, nint context, nint type, ComponentValue* arguments, nuint count, ComponentValue* results, nuint resultCount)
    {
        _ = type;
        var run = HostCall.RunOf(context);
        try
        {
            Preview2Wasi.Call((Preview2Function)function, run, new ComponentCall(context, arguments, count, results, resultCount));
        }
#pragma warning disable CA1031 // Whatever it is, it must not cross into native code.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            run.Fail(exception);
        }

        return run.IsStopped ? NativeError.NewError() : 0;
    }

    /// <summary>Called when the guest has dropped a resource.</summary>
    [UnmanagedCallersOnly]
    private static nint Drop(nint resource, nint context, uint representation)
    {
        var run = HostCall.RunOf(context);
        try
        {
            Preview2Handles.Remove(run);
            if ((Preview2Resource)resource == Preview2Resource.Pollable)
            {
                Pollables.Of(run).Remove(representation);
            }

            return 0;
        }
#pragma warning disable CA1031 // As above.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            run.Fail(exception);
            return NativeError.NewError();
        }
    }
}
