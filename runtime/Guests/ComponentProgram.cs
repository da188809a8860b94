using Wagi.Modules.Status;
using Wagi.Runtime.Interop;
using Wagi.Runtime.Wasi;

namespace Wagi.Runtime.Guests;

/// <summary>A component that is a command of WASI preview 2: it exports <c>wasi:cli/run</c>, which is called in place of an entrypoint.</summary>
internal sealed class ComponentProgram : IGuestProgram
{
    private const string RunInterface = "wasi:cli/run@0.2.";

    private readonly GuestEngine _engine;
    private readonly ComponentHandle _component;
    private readonly List<string> _unknown;
    private readonly List<string> _exports;
    private readonly ComponentLinkerHandle? _linker;
    private readonly ComponentExportHandle? _run;

    public ComponentProgram(GuestEngine engine, ComponentHandle component)
    {
        _engine = engine;
        _component = component;
        var imports = WasmComponent.Imports(engine.Handle, component);
        _unknown = [.. imports.Where(import => import.Items is null || !Preview2Interfaces.IsOffered(import.Name)).Select(import => import.Name)];
        _linker = _unknown.Count == 0 ? ComponentLinker.Create(engine.Handle, imports) : null;
        _exports = WasmComponent.Exports(engine.Handle, component);
        _run = _exports.Find(name => name.StartsWith(RunInterface, StringComparison.Ordinal)) is { } run
            ? WasmComponent.FindExport(component, run, "run")
            : null;
    }

    /// <inheritdoc/>
    /// <remarks>What a component exports are interfaces: there is no function that could be called by its name.</remarks>
    public bool HasExport(string name) => false;

    /// <inheritdoc/>
    public void Check(string entrypoint, bool hasFiles)
    {
        if (_unknown.Count > 0)
        {
            throw new GuestLoadException(
                ModuleReason.UnknownImport,
                $"the component imports {string.Join(", ", _unknown)}; this runtime offers a component WASI preview 2 (0.2) without files and "
                + "network: wasi:cli, wasi:io, wasi:clocks, wasi:random, wasi:filesystem and wasi:sockets");
        }

        if (_run is null)
        {
            throw new GuestLoadException(
                ModuleReason.EntrypointMissing,
                "the component does not export wasi:cli/run@0.2; "
                + (_exports.Count == 0 ? "it exports nothing" : $"it exports {string.Join(", ", _exports.Take(10))}"));
        }

        if (entrypoint != Guest.DefaultEntrypoint)
        {
            throw new GuestLoadException(
                ModuleReason.EntrypointMissing, $"the module is a component, of which wasi:cli/run is called and no function '{entrypoint}'");
        }

        if (hasFiles)
        {
            throw new GuestLoadException(
                ModuleReason.InvalidEntry, "the module is a component, which cannot have volumes; build it as a core module (target wasm32-wasip1)");
        }
    }

    /// <inheritdoc/>
    public GuestResult Run(GuestRun process, string entrypoint)
    {
        _engine.Ticker.Enter();
        process.Start(_engine.Threads);
        var store = WasmStore.CreateForComponent(_engine.Handle, process.Handle, process.MemoryLimit, _engine.Options.MaxTableElements);
        var otherwise = GuestOutcome.NotStarted;
        NativeError error;
        try
        {
            error = store.Instantiate(_linker!, _component, out var instance);
            if (!error.IsFailure)
            {
                otherwise = GuestOutcome.Trapped;
                error = store.Run(ref instance, _run!, out var isOk);
                if (!error.IsFailure && !isOk)
                {
                    process.Exit(1);
                }
            }
        }
        finally
        {
            store.Dispose();
            _engine.Ticker.Leave();
        }

        return process.Finish(error, otherwise);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _run?.Dispose();
        _linker?.Dispose();
        _component.Dispose();
    }
}
