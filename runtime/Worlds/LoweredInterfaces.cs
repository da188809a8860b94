using System.Runtime.InteropServices;
using Wagi.Runtime.Components;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Interop;
using Wagi.Runtime.Lowering;
using Wagi.Runtime.WasiHttp;
using Wagi.Runtime.Wasip2;

namespace Wagi.Runtime.Worlds;

/// <summary>WASI 0.2 for components that run as one core module.</summary>
internal sealed unsafe class LoweredInterfaces : ILoweredInterfaces
{
    private const int BitsOfNumber = 12;

    private static readonly LoweredFunctions All = Create();

    /// <inheritdoc/>
    public string Description =>
        "WASI 0.2: wasi:http, wasi:cli, wasi:io, wasi:clocks, wasi:random, wasi:filesystem, wasi:config, and wasi:sockets without sockets";

    /// <inheritdoc/>
    public bool Offers(string interfaceName) => All.Offers(interfaceName);

    /// <inheritdoc/>
    public bool Define(LinkerHandle linker, string interfaceName, string importName)
    {
        var (name, realloc) = FusedComponent.ReadImport(importName);
        if (All.Find(interfaceName, name) is not { } number || (realloc is { } given && !ComponentRun.HasRealloc(given)))
        {
            return false;
        }

        var function = All[number];
        var data = number | ((realloc ?? LoweredCall.WithoutRealloc) << BitsOfNumber);
        WasmLinker.Define(linker, interfaceName, importName, function.Parameters, function.Results, &Call, data);
        return true;
    }

    /// <inheritdoc/>
    public (uint Request, uint Response) Receive(GuestRun run)
    {
        var handles = ComponentRun.Of(run).Handles;
        return (handles.Add(new IncomingRequest(run.Exchange!)), handles.Add(new ResponseOutparam(run.Exchange!)));
    }

    private static LoweredFunctions Create()
    {
        var all = new LoweredFunctions();
        CliFunctions.AddTo(all);
        ClockFunctions.AddTo(all);
        RandomFunctions.AddTo(all);
        StreamFunctions.AddTo(all);
        PollFunctions.AddTo(all);
        FilesystemFunctions.AddTo(all);
        SocketFunctions.AddTo(all);
        ConfigFunctions.AddTo(all);
        FieldFunctions.AddTo(all);
        IncomingFunctions.AddTo(all);
        ResponseFunctions.AddTo(all);
        OutgoingFunctions.AddTo(all);
        return all;
    }

    /// <summary>Called for every function; <paramref name="data"/> is its number and that of the function that gives memory.</summary>
    [UnmanagedCallersOnly]
    private static nint Call(nint data, nint caller, RawValue* values, nuint count)
    {
        var call = new HostCall(caller, values, count);
        try
        {
            var lowered = new LoweredCall(call, (int)data >> BitsOfNumber);
            if (lowered.Component.IsAllocating)
            {
                throw new TrapException("cannot leave component instance: the component called the host from the function that gives it memory");
            }

            var function = All[(int)data & ((1 << BitsOfNumber) - 1)];
            var result = function.Body(lowered);
            return function.Results.Length == 0 ? call.Return() : call.Return(result);
        }
#pragma warning disable CA1031 // Whatever it is, it must not cross into native code.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return call.Fail(exception);
        }
    }
}
