using System.Diagnostics.CodeAnalysis;
using System.Text;
using Wagi.Runtime.Images;
using Wagi.Runtime.Interop;
using Wagi.Runtime.Memories;

namespace Wagi.Runtime.Guests;

/// <summary>The instances of a core module: for a run one that was restored after another, if one is idle, and else one that is new.</summary>
internal sealed class GuestInstances
{
    private readonly GuestEngine _engine;
    private readonly EngineHandle _handle;
    private readonly ModuleMemory? _memory;
    private readonly bool _hasStart;
    private readonly List<byte[]>? _globals;

    /// <param name="engine">Where they run.</param>
    /// <param name="handle">The engine's handle that the code is for.</param>
    /// <param name="module">Their code.</param>
    /// <param name="memory">Where their memories come from; null: from the pool.</param>
    /// <param name="isRestorable">Whether the module exports all that can change in it, as <see cref="RestorableModule"/> does.</param>
    public GuestInstances(GuestEngine engine, EngineHandle handle, WasmModuleHandle module, ModuleMemory? memory, bool isRestorable)
    {
        _engine = engine;
        _handle = handle;
        _memory = memory;
        if (!isRestorable)
        {
            return;
        }

        var exported = WasmEngine.ExportNames(module);
        _hasStart = exported.Contains(Encoding.UTF8.GetString(RestorableModule.StartName));
        if (memory is not null && engine.Options.RestoresInstances)
        {
            _globals = [.. Enumerable.Range(0, exported.Count).Select(RestorableModule.GlobalName).TakeWhile(exported.Contains).Select(Encoding.UTF8.GetBytes)];
        }
    }

    /// <summary>An instance for a run that has begun, whose <see cref="GuestInstance.End"/> is to be called.</summary>
    /// <param name="run">The run.</param>
    /// <param name="instancePre">The module with its imports.</param>
    /// <param name="files">What the run sees of files; null: nothing.</param>
    /// <param name="memories">How many memories there may be.</param>
    /// <param name="instance">The instance.</param>
    /// <param name="failure">Why there is none.</param>
    public bool TryBegin(
        GuestRun run, InstancePreHandle instancePre, IGuestFiles? files, int memories, [NotNullWhen(true)] out GuestInstance? instance, out GuestResult failure)
    {
        failure = default;
        instance = (files is null ? TakeKept(run) : null) ?? Make(run, instancePre, files, memories, out failure);
        if (instance?.Start() is { IsFailure: true } error)
        {
            failure = run.Conclude(error, GuestOutcome.NotStarted);
            instance.Dispose();
            instance = null;
        }

        return instance is not null;
    }

    private unsafe GuestInstance? Make(GuestRun run, InstancePreHandle instancePre, IGuestFiles? files, int memories, out GuestResult failure)
    {
        failure = default;
        var store = _engine.CreateStore(_handle, run, memories: memories);
        if (files?.Open(store) is { } unopened)
        {
            failure = new GuestResult(GuestOutcome.NotStarted, 0, unopened);
        }
        else if (ModuleMemory.Instantiate(store, instancePre, _memory, out var made, out var slot) is { IsFailure: true } error)
        {
            failure = run.Conclude(error, GuestOutcome.NotStarted);
        }
        else
        {
            // One with files has more in its store than the module says.
            FuncRef? start = _hasStart ? store.Export(ref made, RestorableModule.StartName).Func : null;
            return files is null && _globals is not null
                ? new GuestInstance(store, made, start, _memory!, slot, _globals, run)
                : new GuestInstance(store, made, start);
        }

        store.Dispose();
        return null;
    }

    private GuestInstance? TakeKept(GuestRun run)
    {
        if (_globals is null || _memory!.TakeKept() is not GuestInstance kept)
        {
            return null;
        }

        if (!kept.TryBegin(run))
        {
            kept.Dispose();
            return null;
        }

        run.Engine = _handle;
        return kept;
    }
}
