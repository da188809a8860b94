using System.Runtime.InteropServices;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Interop;

namespace Wagi.Runtime.Wasi;

/// <summary>
/// WASI preview 1 for core modules: <see cref="StdioWasi"/> for guests without volumes, under both its names, and <see cref="FileWasi"/> for
/// those with. One per engine.
/// </summary>
internal sealed unsafe class Preview1 : IHostFunctions
{
    private static readonly HashSet<string> Names = [.. WasiSignatures.All.Select(function => function.Name)];

    private readonly Lock _lock = new();
    private readonly Dictionary<EngineHandle, BridgeModule> _bridgesOfComponents = [];
    private BridgeModule? _bridgeOfModules;

    /// <inheritdoc/>
    public string Description => $"WASI preview 1 ({WasiSignatures.Preview1})";

    /// <summary>The module through which <see cref="FileWasi"/> calls Wasmtime's WASI; made when the first guest needs it.</summary>
    public BridgeModule BridgeOfModules(EngineHandle engine)
    {
        lock (_lock)
        {
            return _bridgeOfModules ??= new BridgeModule(engine, BridgeModule.OfModules, hasMemory: false);
        }
    }

    /// <summary>The module through which <see cref="FileCalls"/> does; made when the first guest needs it.</summary>
    public BridgeModule BridgeOfComponents(EngineHandle engine)
    {
        lock (_lock)
        {
            if (!_bridgesOfComponents.TryGetValue(engine, out var bridge))
            {
                bridge = new BridgeModule(engine, BridgeModule.OfComponents, hasMemory: true);
                _bridgesOfComponents.Add(engine, bridge);
            }

            return bridge;
        }
    }

    /// <inheritdoc/>
    public bool Offers(string module, string name, bool hasFiles) =>
        (module == WasiSignatures.Preview1 || (module == WasiSignatures.Unstable && !hasFiles)) && Names.Contains(name);

    /// <inheritdoc/>
    public void Define(LinkerHandle linker, bool hasFiles)
    {
        if (hasFiles)
        {
            // Files and directories are Wasmtime's; the rest takes the place of its functions.
            WasmLinker.DefineWasmtimeWasi(linker);
        }

        foreach (var (function, name, parameters) in WasiSignatures.All)
        {
            var results = function == WasiFunction.ProcExit ? "" : "i";
            if (!hasFiles)
            {
                WasmLinker.Define(linker, WasiSignatures.Preview1, name, parameters, results, &CallStdio, (nint)function);
                WasmLinker.Define(
                    linker, WasiSignatures.Unstable, name, parameters, results, &CallStdio, (nint)WasiSignatures.InUnstable(function));
            }
            else if (FileWasi.Answers(function))
            {
                WasmLinker.Define(linker, WasiSignatures.Preview1, name, parameters, results, &CallFiles, (nint)function);
            }
        }
    }

    /// <inheritdoc/>
    public void DefineForInitialization(LinkerHandle linker, bool hasRandom)
    {
        foreach (var (function, name, parameters) in WasiSignatures.All)
        {
            var results = function == WasiFunction.ProcExit ? "" : "i";
            var callback = Initialization.Answers(function, hasRandom) ? &CallStdio
                : (delegate* unmanaged<nint, nint, RawValue*, nuint, nint>)&CallForInitialization;
            WasmLinker.Define(linker, WasiSignatures.Preview1, name, parameters, results, callback, (nint)function);
            WasmLinker.Define(linker, WasiSignatures.Unstable, name, parameters, results, callback, (nint)WasiSignatures.InUnstable(function));
        }
    }

    public void Dispose()
    {
        _bridgeOfModules?.Dispose();
        foreach (var bridge in _bridgesOfComponents.Values)
        {
            bridge.Dispose();
        }
    }

    /// <summary>Called for a guest without volumes; <paramref name="function"/> is the <see cref="WasiFunction"/>.</summary>
    [UnmanagedCallersOnly]
    private static nint CallStdio(nint function, nint caller, RawValue* values, nuint count)
    {
        var call = new HostCall(caller, values, count);
        try
        {
            RequireMemory(call);
            return call.Return((int)StdioWasi.Call((WasiFunction)function, call.Run, call.Memory, call.Arguments));
        }
#pragma warning disable CA1031 // Whatever it is, it must not cross into native code.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return call.Fail(exception);
        }
    }

    /// <summary>Called for a guest with volumes.</summary>
    [UnmanagedCallersOnly]
    private static nint CallFiles(nint function, nint caller, RawValue* values, nuint count)
    {
        var call = new HostCall(caller, values, count);
        try
        {
            RequireMemory(call);
            return call.Return((int)FileWasi.Call((WasiFunction)function, call.Run, call.Memory, call.Arguments, new FileBridge(call.Run, call.Context)));
        }
#pragma warning disable CA1031 // As above.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return call.Fail(exception);
        }
    }

    /// <summary>Called for a guest that is initialized before there is a request.</summary>
    [UnmanagedCallersOnly]
    private static nint CallForInitialization(nint function, nint caller, RawValue* values, nuint count)
    {
        var call = new HostCall(caller, values, count);
        try
        {
            RequireMemory(call);
            return call.Return((int)Initialization.Call((WasiFunction)function, call.Run, call.Memory, call.Arguments));
        }
#pragma warning disable CA1031 // As above.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return call.Fail(exception);
        }
    }

    private static void RequireMemory(in HostCall call)
    {
        if (!call.FindMemory())
        {
            throw new TrapException("the module does not export its memory as 'memory', which WASI needs");
        }
    }
}
