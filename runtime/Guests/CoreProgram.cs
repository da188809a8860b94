using Wagi.Modules.Status;
using Wagi.Runtime.Interop;
using Wagi.Runtime.Outbound;
using Wagi.Runtime.Wasi;

namespace Wagi.Runtime.Guests;

/// <summary>A core module, which imports WASI preview 1 and outbound HTTP or nothing.</summary>
internal sealed class CoreProgram : IGuestProgram
{
    private const string Initializer = "_initialize";

    private readonly GuestEngine _engine;
    private readonly WasmModuleHandle _module;
    private readonly Linked _stdio;
    private readonly Lazy<Linked> _files;
    private readonly Dictionary<string, ExportedFunction> _functions;
    private readonly ExportedFunction? _initializer;

    public CoreProgram(GuestEngine engine, WasmModuleHandle module)
    {
        _engine = engine;
        _module = module;
        _functions = WasmEngine.Functions(module);
        _stdio = Linked.Create(engine.StdioLinker, module);
        _files = new Lazy<Linked>(() => Linked.Create(engine.FileLinker, module));

        // A reactor: its other exports may be called once it is initialised. A command has none, or it is called by _start.
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
        if ((hasFiles ? _files.Value : _stdio) is { InstancePre: null } unlinked)
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
    public GuestResult Run(GuestRun process, string entrypoint)
    {
        var function = _functions[entrypoint];
        var instancePre = (process.Files is null ? _stdio : _files.Value).InstancePre!;
        _engine.Ticker.Enter();
        process.Start(_engine.Threads);
        var store = WasmStore.Create(_engine.Handle, process.Handle, process.MemoryLimit, _engine.Options.MaxTableElements);
        var otherwise = GuestOutcome.NotStarted;
        NativeError error = default;
        try
        {
            if (process.Files is { } files && store.SetFiles(files) is { } unopened)
            {
                process.Stop(
                    GuestOutcome.NotStarted,
                    $"volume '{unopened.GuestPath}': '{unopened.HostPath}' is not there any more, or may not be opened");
                return process.Finish(error, otherwise);
            }

            error = store.Instantiate(instancePre, out var instance);
            if (!error.IsFailure)
            {
                otherwise = GuestOutcome.Trapped;
                if (_initializer is not null && !ReferenceEquals(_initializer, function))
                {
                    error = store.Call(ref instance, _initializer.Utf8Name);
                }

                if (!error.IsFailure)
                {
                    error = store.Call(ref instance, function.Utf8Name);
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
        _stdio.InstancePre?.Dispose();
        if (_files.IsValueCreated)
        {
            _files.Value.InstancePre?.Dispose();
        }

        _module.Dispose();
    }

    private static bool IsEntrypoint(ExportedFunction function) =>
        function.Parameters == 0 && function.Results <= WasmStore.MaxResults;

    private string DescribeImports(bool hasFiles, string linkError)
    {
        var wasi = WasiSignatures.All.Select(function => function.Name).ToHashSet();
        var http = HttpSignatures.All.Select(function => function.Name).ToHashSet();
        var unknown = WasmEngine.Imports(_module)
            .Where(import => import.Module switch
            {
                WasiSignatures.Preview1 => !wasi.Contains(import.Name),
                WasiSignatures.Unstable => hasFiles || !wasi.Contains(import.Name),
                HttpSignatures.Module => !http.Contains(import.Name),
                _ => true,
            })
            .Select(import => $"{import.Module}.{import.Name}")
            .Distinct()
            .ToList();
        return unknown.Count == 0
            ? $"the module imports a function with a signature that it does not have: {linkError}"
            : $"the module imports {string.Join(", ", unknown)}; this runtime offers {(hasFiles ? "a module with volumes " : "")}"
                + $"WASI preview 1 ({WasiSignatures.Preview1}) and outbound HTTP ({HttpSignatures.Module})";
    }

    /// <summary>The module with its imports found, or what is wrong with them.</summary>
    private sealed record Linked(InstancePreHandle? InstancePre, string? Error)
    {
        public static Linked Create(LinkerHandle linker, WasmModuleHandle module) =>
            new(WasmLinker.Prepare(linker, module, out var error), error);
    }
}
