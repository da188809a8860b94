using System.Text;
using Wagi.Modules.Status;
using Wagi.Runtime.Components;
using Wagi.Runtime.Interop;
using Wagi.Runtime.Memories;

namespace Wagi.Runtime.Guests;

/// <summary>
/// A component that was made one core module (<see cref="ComponentFusion"/>), of WASI 0.2: its <c>wasi:http/incoming-handler</c>, or else its
/// <c>wasi:cli/run</c>, is called in place of an entrypoint.
/// </summary>
internal sealed class FusedProgram : IGuestProgram
{
    private static readonly byte[] RunName = Encoding.UTF8.GetBytes(FusedComponent.Run);
    private static readonly byte[] HandleName = Encoding.UTF8.GetBytes(FusedComponent.Handle);

    private const string FilesystemPackage = "wasi:filesystem/";

    // Its own, and one for what the host does with files on its behalf.
    private const int MemoriesWithFiles = 2;

    private readonly WasmModuleHandle _module;
    private readonly ModuleMemory? _memory;
    private readonly GuestInstances _instances;
    private readonly GuestEngine _engine;
    private readonly List<string> _unknown;
    private readonly LinkerHandle _linker;
    private readonly InstancePreHandle? _instancePre;
    private readonly string? _linkError;
    private readonly bool _usesFiles;

    /// <param name="engine">Where it runs.</param>
    /// <param name="handle">The engine's handle that the code is for.</param>
    /// <param name="module">Its code; owned from here on.</param>
    /// <param name="memory">Where its guests' memories come from, owned from here on; null: from the pool.</param>
    /// <param name="isRestorable">Whether the module exports all that can change in it.</param>
    public FusedProgram(GuestEngine engine, EngineHandle handle, WasmModuleHandle module, ModuleMemory? memory, bool isRestorable)
    {
        _engine = engine;
        _module = module;
        _memory = memory;
        _instances = new GuestInstances(engine, handle, module, memory, isRestorable);
        SpeaksHttp = WasmEngine.Functions(module).ContainsKey(FusedComponent.Handle);
        var imports = WasmEngine.Imports(module);
        _usesFiles = imports.Any(import => import.Module.StartsWith(FilesystemPackage, StringComparison.Ordinal));
        var offered = engine.Interfaces.Lowered;
        _unknown = [.. imports.Select(import => import.Module).Distinct().Where(name => !offered.Offers(name))];
        _linker = WasmLinker.Create(handle);
        if (_unknown.Count > 0)
        {
            return;
        }

        foreach (var (interfaceName, function) in imports.Distinct())
        {
            _ = offered.Define(_linker, interfaceName, function);
        }

        // Functions that are newer than this runtime, or need what is never handed out: whoever calls one traps, with its name.
        WasmLinker.DefineUnknown(_linker, module);
        _instancePre = WasmLinker.Prepare(_linker, module, out _linkError);
    }

    /// <inheritdoc/>
    /// <remarks>What a component exports are interfaces: there is no function that could be called by its name.</remarks>
    public bool HasExport(string name) => false;

    /// <inheritdoc/>
    public bool SpeaksHttp { get; }

    /// <inheritdoc/>
    public void Check(string entrypoint, bool hasFiles)
    {
        if (_unknown.Count > 0)
        {
            throw new GuestLoadException(
                ModuleReason.UnknownImport,
                $"the component imports {string.Join(", ", _unknown)}; this runtime offers a component {_engine.Interfaces.Lowered.Description}");
        }

        if (_instancePre is null)
        {
            throw new GuestLoadException(ModuleReason.UnknownImport, $"the component imports a function with a signature that it does not have: {_linkError}");
        }

        ComponentProgram.CheckEntry(entrypoint);
    }

    /// <inheritdoc/>
    public GuestResult Run(GuestRun run, string entrypoint)
    {
        if (SpeaksHttp && run.Exchange is null)
        {
            return new GuestResult(GuestOutcome.NotStarted, 0, "the component answers HTTP requests (wasi:http/incoming-handler), and there is none");
        }

        var files = _usesFiles ? run.Files : null;
        if (!_instances.TryBegin(run, _instancePre!, files, files is null ? 1 : MemoriesWithFiles, out var instance, out var failure))
        {
            return failure;
        }

        var result = new GuestResult(GuestOutcome.Trapped, 0, "");
        try
        {
            run.Instantiated();
            return result = SpeaksHttp ? Answer(instance, run) : Command(instance, run);
        }
        finally
        {
            instance.End(result);
        }
    }

    private static GuestResult Command(GuestInstance instance, GuestRun run)
    {
        var error = instance.Call(RunName, out var result);
        if (!error.IsFailure)
        {
            End(run, result.U32);
        }

        return run.Conclude(error, GuestOutcome.Trapped);
    }

    private GuestResult Answer(GuestInstance instance, GuestRun run)
    {
        var (request, response) = _engine.Interfaces.Lowered.Receive(run);
        var result = run.Conclude(instance.Call(HandleName, out _, request, response), GuestOutcome.Trapped);
        return result.Outcome == GuestOutcome.Completed && !run.Exchange!.IsAnswered
            ? new GuestResult(GuestOutcome.Trapped, 0, "the component returned without having set a response")
            : result;
    }

    /// <summary>The guest has returned ok or an error, of the type <c>result</c>.</summary>
    private static void End(GuestRun run, uint result)
    {
        const uint Ok = 0;
        const uint Error = 1;
        if (result == Error)
        {
            run.Exit(1);
        }
        else if (result != Ok)
        {
            run.Fail(new TrapException($"the component returned {result} from wasi:cli/run, which is neither ok (0) nor an error (1)"));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _instancePre?.Dispose();
        _linker.Dispose();
        _module.Dispose();
        _memory?.Dispose();
    }
}
