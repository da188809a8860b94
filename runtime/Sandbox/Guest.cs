using Wagi.Modules.Status;
using Wagi.Runtime.Interop;
using Wagi.Runtime.Outbound;
using Wagi.Runtime.Sandbox.Wasi;

namespace Wagi.Runtime.Sandbox;

/// <summary>
/// A loaded module. Every run gets an instance of its own, so that nothing of one is left for the next, and any number run at the
/// same time. Disposing it lets the runs that have begun come to their end.
/// </summary>
public sealed class Guest : IDisposable
{
    /// <summary>The entrypoint of a WASI command.</summary>
    public const string DefaultEntrypoint = "_start";

    private const string Initializer = "_initialize";

    private readonly SandboxEngine _engine;
    private readonly WasmModuleHandle _module;
    private readonly InstancePreHandle? _instancePre;
    private readonly string? _linkError;
    private readonly Dictionary<string, ExportedFunction> _functions;
    private readonly ExportedFunction? _initializer;
    private int _references = 1;
    private int _disposed;

    internal Guest(SandboxEngine engine, WasmModuleHandle module, LinkerHandle linker)
    {
        _engine = engine;
        _module = module;
        _functions = WasmEngine.Functions(module);
        _instancePre = WasmLinker.Prepare(linker, module, out _linkError);

        // A reactor: its other exports may be called once it is initialised. A command has none, or it is called by _start.
        if (_functions.TryGetValue(Initializer, out var initializer) && IsEntrypoint(initializer))
        {
            _initializer = initializer;
        }

        var added = false;
        _engine.Handle.DangerousAddRef(ref added);
    }

    /// <summary>The slots of the process, to be entered before <see cref="RunInSlot"/>.</summary>
    internal ConcurrencyGate Slots => _engine.Slots;

    /// <summary>Whether the module exports a function of this name.</summary>
    public bool HasExport(string name) => _functions.ContainsKey(name);

    /// <summary>Finds out what would keep the module from being run.</summary>
    /// <param name="entrypoint">The function that requests will call; null: <see cref="DefaultEntrypoint"/>.</param>
    /// <exception cref="SandboxException">
    /// <see cref="ModuleReason.UnknownImport"/>, with every import that is not offered, or <see cref="ModuleReason.EntrypointMissing"/>.
    /// </exception>
    public void Check(string? entrypoint)
    {
        if (_instancePre is null)
        {
            throw new SandboxException(ModuleReason.UnknownImport, DescribeImports());
        }

        var name = entrypoint ?? DefaultEntrypoint;
        if (!_functions.TryGetValue(name, out var function))
        {
            var offered = _functions.Where(export => IsEntrypoint(export.Value)).Select(export => export.Key).Order().Take(10).ToList();
            throw new SandboxException(
                ModuleReason.EntrypointMissing,
                $"the module does not export a function '{name}'; "
                + (offered.Count == 0 ? "it exports none that could be an entrypoint" : $"it exports {string.Join(", ", offered)}"));
        }

        if (!IsEntrypoint(function))
        {
            throw new SandboxException(
                ModuleReason.EntrypointMissing,
                $"the function '{name}' takes {function.Parameters} parameters; an entrypoint takes none");
        }
    }

    /// <summary>Runs the module once and waits for its end, first for a free slot if need be.</summary>
    /// <param name="process">What it sees and where its output goes.</param>
    /// <param name="entrypoint">The function to call; null: <see cref="DefaultEntrypoint"/>. <see cref="Check"/> has accepted it.</param>
    /// <exception cref="ObjectDisposedException">The guest has been disposed.</exception>
    public GuestResult Run(GuestProcess process, string? entrypoint = null)
    {
        ArgumentNullException.ThrowIfNull(process);
        _engine.Slots.Enter();
        try
        {
            return RunInSlot(process, entrypoint);
        }
        finally
        {
            _engine.Slots.Leave();
        }
    }

    /// <summary>As <see cref="Run"/>, for a caller that has entered <see cref="SandboxEngine.Slots"/> itself.</summary>
    internal GuestResult RunInSlot(GuestProcess process, string? entrypoint)
    {
        ObjectDisposedException.ThrowIf(!TryAddReference(), this);
        try
        {
            return RunInstance(process, _functions[entrypoint ?? DefaultEntrypoint]);
        }
        finally
        {
            Release();
        }
    }

    private GuestResult RunInstance(GuestProcess process, ExportedFunction entrypoint)
    {
        _engine.Ticker.Enter();
        process.Start(_engine.Threads);
        var store = WasmStore.Create(_engine.Handle, process.Handle, process.MemoryLimit, _engine.Options.MaxTableElements);
        var otherwise = GuestOutcome.NotStarted;
        NativeError error = default;
        try
        {
            error = store.Instantiate(_instancePre!, out var instance);
            if (!error.IsFailure)
            {
                otherwise = GuestOutcome.Trapped;
                if (_initializer is not null && !ReferenceEquals(_initializer, entrypoint))
                {
                    error = store.Call(ref instance, _initializer.Utf8Name);
                }

                if (!error.IsFailure)
                {
                    error = store.Call(ref instance, entrypoint.Utf8Name);
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

    /// <summary>Unloads the module once the runs that have begun are over.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            Release();
        }
    }

    private static bool IsEntrypoint(ExportedFunction function) =>
        function.Parameters == 0 && function.Results <= WasmStore.MaxResults;

    private bool TryAddReference()
    {
        var references = Volatile.Read(ref _references);
        while (references > 0)
        {
            var seen = Interlocked.CompareExchange(ref _references, references + 1, references);
            if (seen == references)
            {
                return true;
            }

            references = seen;
        }

        return false;
    }

    private void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0)
        {
            _instancePre?.Dispose();
            _module.Dispose();
            _engine.Handle.DangerousRelease();
        }
    }

    private string DescribeImports()
    {
        var wasi = WasiSignatures.All.Select(function => function.Name).ToHashSet();
        var http = HttpSignatures.All.Select(function => function.Name).ToHashSet();
        var unknown = WasmEngine.Imports(_module)
            .Where(import => import.Module switch
            {
                WasiSignatures.Preview1 or WasiSignatures.Unstable => !wasi.Contains(import.Name),
                HttpSignatures.Module => !http.Contains(import.Name),
                _ => true,
            })
            .Select(import => $"{import.Module}.{import.Name}")
            .Distinct()
            .ToList();
        return unknown.Count == 0
            ? $"the module imports a function with a signature that it does not have: {_linkError}"
            : $"the module imports {string.Join(", ", unknown)}; this runtime offers WASI preview 1 ({WasiSignatures.Preview1})"
                + $" and outbound HTTP ({HttpSignatures.Module})";
    }
}
