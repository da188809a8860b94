using Wagi.Modules.Status;
using Wagi.Runtime.Components;
using Wagi.Runtime.Interop;

namespace Wagi.Runtime.Guests;

/// <summary>A component that is a command of WASI preview 2: it exports <c>wasi:cli/run</c>, which is called in place of an entrypoint.</summary>
internal sealed class ComponentProgram : IGuestProgram
{
    private readonly GuestEngine _engine;
    private readonly ComponentHandle _component;
    private readonly List<string> _unknown;
    private readonly List<string> _exports;
    private readonly ComponentLinkerHandle? _linker;
    private readonly ComponentExportHandle? _run;
    private readonly string _remark;
    private readonly int _memories;

    /// <param name="engine">Where it runs.</param>
    /// <param name="component">Its code; owned from here on.</param>
    /// <param name="remark">Why it did not become one module.</param>
    /// <param name="hasSeveralMemories">Whether its parts have memories of their own.</param>
    public ComponentProgram(GuestEngine engine, ComponentHandle component, string remark, bool hasSeveralMemories)
    {
        _remark = remark;
        _memories = hasSeveralMemories ? WasmEngine.MemoriesOfComponent : 1;
        _engine = engine;
        _component = component;
        var imports = WasmComponent.Imports(engine.ComponentHandle, component);
        _unknown = [.. imports.Where(import => !engine.Interfaces.Offers(import)).Select(import => import.Name)];
        _linker = _unknown.Count == 0 ? Link(engine, imports) : null;
        _exports = WasmComponent.Exports(engine.ComponentHandle, component);
        _run = _exports.Find(name => name.StartsWith(FusedComponent.RunInterface, StringComparison.Ordinal)) is { } run
            ? WasmComponent.FindExport(component, run, "run")
            : null;
    }

    /// <inheritdoc/>
    /// <remarks>What a component exports are interfaces: there is no function that could be called by its name.</remarks>
    public bool HasExport(string name) => false;

    /// <inheritdoc/>
    public void Check(string entrypoint, bool hasFiles)
    {
        if (_exports.Exists(name => name.StartsWith(FusedComponent.HandlerInterface, StringComparison.Ordinal)))
        {
            throw new GuestLoadException(
                ModuleReason.CompileFailed, $"the component answers requests by wasi:http, which needs one that becomes a single module; this one is {_remark}");
        }

        if (_unknown.Count > 0)
        {
            throw new GuestLoadException(
                ModuleReason.UnknownImport,
                $"the component imports {string.Join(", ", _unknown)}; this runtime offers a component {_engine.Interfaces.Description}");
        }

        if (_run is null)
        {
            throw new GuestLoadException(
                ModuleReason.EntrypointMissing,
                "the component exports neither wasi:http/incoming-handler@0.2 nor wasi:cli/run@0.2; "
                + (_exports.Count == 0 ? "it exports nothing" : $"it exports {string.Join(", ", _exports.Take(10))}"));
        }

        CheckEntry(entrypoint);
        if (hasFiles)
        {
            throw new GuestLoadException(
                ModuleReason.InvalidEntry, $"a component with volumes has to be one that becomes a single module; this one is {_remark}");
        }
    }

    /// <summary>Finds out what a component cannot do that a core module can.</summary>
    /// <exception cref="GuestLoadException">It would have to.</exception>
    public static void CheckEntry(string entrypoint)
    {
        if (entrypoint != Guest.DefaultEntrypoint)
        {
            throw new GuestLoadException(
                ModuleReason.EntrypointMissing, $"the module is a component, of which wasi:cli/run is called and no function '{entrypoint}'");
        }
    }

    /// <inheritdoc/>
    public GuestResult Run(GuestRun run, string entrypoint)
    {
        using var store = _engine.CreateStore(_engine.ComponentHandle, run, isComponent: true, _memories, _memories);
        var error = store.Instantiate(_linker!, _component, out var instance);
        if (error.IsFailure)
        {
            return run.Conclude(error, GuestOutcome.NotStarted);
        }

        run.Instantiated();
        error = store.Call(ref instance, _run!, out var result);
        if (!error.IsFailure)
        {
            End(run, ref result);
        }

        return run.Conclude(error, GuestOutcome.Trapped);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _run?.Dispose();
        _linker?.Dispose();
        _component.Dispose();
    }

    private static ComponentLinkerHandle Link(GuestEngine engine, List<ComponentImport> imports)
    {
        var linker = ComponentLinker.Create(engine.ComponentHandle);
        foreach (var import in imports)
        {
            engine.Interfaces.Define(linker, import);
        }

        return linker;
    }

    /// <summary>The guest has returned: ok or an error, unless it has declared a function of another type under that name.</summary>
    private static void End(GuestRun run, ref ComponentValue result)
    {
        try
        {
            if (!result.IsOk)
            {
                run.Exit(1);
            }
        }
        catch (TrapException exception)
        {
            run.Fail(exception);
        }
        finally
        {
            result.Free();
        }
    }
}
