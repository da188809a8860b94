using System.Text;
using Wagi.Modules.Status;
using Wagi.Runtime.Images;
using Wagi.Runtime.Interop;
using Wagi.Runtime.Memories;

namespace Wagi.Runtime.Guests;

/// <summary>A core module, which imports functions of the host or nothing.</summary>
internal sealed class CoreProgram : IGuestProgram
{
    private const string Initializer = "_initialize";

    private readonly GuestEngine _engine;
    private readonly WasmModuleHandle _module;
    private readonly ModuleMemory? _memory;
    private readonly GuestInstances _instances;
    private readonly Linked _withoutFiles;
    private readonly Lazy<Linked> _withFiles;
    private readonly Dictionary<string, ExportedFunction> _functions;
    private readonly ExportedFunction? _initializer;

    /// <param name="engine">Where it runs.</param>
    /// <param name="module">Its code; owned from here on.</param>
    /// <param name="memory">Where its guests' memories come from, owned from here on; null: from the pool.</param>
    /// <param name="isRestorable">Whether the module exports all that can change in it.</param>
    public CoreProgram(GuestEngine engine, WasmModuleHandle module, ModuleMemory? memory, bool isRestorable)
    {
        _engine = engine;
        _module = module;
        _memory = memory;
        _instances = new GuestInstances(engine, engine.Handle, module, memory, isRestorable);
        _functions = WasmEngine.Functions(module);
        _functions.Remove(Encoding.UTF8.GetString(RestorableModule.StartName));
        _withoutFiles = Linked.Create(engine.Linker, module);
        _withFiles = new Lazy<Linked>(() => Linked.Create(engine.FileLinker, module));

        // A reactor: its other exports may be called once it is initialized. A command has none, or it is called by _start.
        if (_functions.TryGetValue(Initializer, out var initializer) && IsEntrypoint(initializer))
        {
            _initializer = initializer;
        }
    }

    /// <inheritdoc/>
    public bool HasExport(string name) => _functions.ContainsKey(name);

    /// <inheritdoc/>
    public void Check(string entrypoint, bool hasFiles)
    {
        if ((hasFiles ? _withFiles.Value : _withoutFiles) is { InstancePre: null } unlinked)
        {
            throw new GuestLoadException(ModuleReason.UnknownImport, DescribeImports(hasFiles, unlinked.Error!));
        }

        if (!_functions.TryGetValue(entrypoint, out var function))
        {
            var offered = _functions.Where(export => IsEntrypoint(export.Value)).Select(export => export.Key).Order().Take(10).ToList();
            throw new GuestLoadException(
                ModuleReason.EntrypointMissing,
                $"the module does not export a function '{entrypoint}'; "
                + (offered.Count == 0 ? "it exports none that could be an entrypoint" : $"it exports {string.Join(", ", offered)}"));
        }

        if (!IsEntrypoint(function))
        {
            throw new GuestLoadException(
                ModuleReason.EntrypointMissing,
                $"the function '{entrypoint}' takes {function.Parameters} parameters; an entrypoint takes none");
        }
    }

    /// <inheritdoc/>
    public GuestResult Run(GuestRun run, string entrypoint)
    {
        var function = _functions[entrypoint];
        var linked = run.Files is null ? _withoutFiles : _withFiles.Value;
        if (!_instances.TryBegin(run, linked.InstancePre!, run.Files, memories: 1, out var instance, out var failure))
        {
            return failure;
        }

        var result = new GuestResult(GuestOutcome.Trapped, 0, "");
        try
        {
            run.Instantiated();
            var error = _initializer is not null && !ReferenceEquals(_initializer, function) ? instance.Call(_initializer.Utf8Name) : default;
            if (!error.IsFailure)
            {
                error = instance.Call(function.Utf8Name);
            }

            return result = run.Conclude(error, GuestOutcome.Trapped);
        }
        finally
        {
            instance.End(result);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _withoutFiles.InstancePre?.Dispose();
        if (_withFiles.IsValueCreated)
        {
            _withFiles.Value.InstancePre?.Dispose();
        }

        _module.Dispose();
        _memory?.Dispose();
    }

    private static bool IsEntrypoint(ExportedFunction function) =>
        function.Parameters == 0 && function.Results <= WasmStore.MaxResults;

    private string DescribeImports(bool hasFiles, string linkError)
    {
        var unknown = WasmEngine.Imports(_module)
            .Where(import => !_engine.Functions.Any(functions => functions.Offers(import.Module, import.Name, hasFiles)))
            .Select(import => $"{import.Module}.{import.Name}")
            .Distinct()
            .ToList();
        return unknown.Count == 0
            ? $"the module imports a function with a signature that it does not have: {linkError}"
            : $"the module imports {string.Join(", ", unknown)}; this runtime offers {(hasFiles ? "a module with volumes " : "")}"
                + string.Join(" and ", _engine.Functions.Select(functions => functions.Description));
    }

    /// <summary>The module with its imports found, or what is wrong with them.</summary>
    private sealed record Linked(InstancePreHandle? InstancePre, string? Error)
    {
        public static Linked Create(LinkerHandle linker, WasmModuleHandle module) =>
            new(WasmLinker.Prepare(linker, module, out var error), error);
    }
}
