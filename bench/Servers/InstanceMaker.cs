using Wagi.Runtime.Guests;
using Wagi.Runtime.Interop;

namespace Wagi.Bench.Servers;

/// <summary>Makes instances of a module and drops them. It works below what the runtime offers, which makes no instance without calling it.</summary>
internal sealed class InstanceMaker : IDisposable
{
    private readonly GuestEngine _engine;
    private readonly WasmModuleHandle _module;
    private readonly InstancePreHandle _prepared;
    private readonly GuestRun _run = new();

    public InstanceMaker(GuestEngine engine, byte[] nativeCode)
    {
        _engine = engine;
        _module = WasmEngine.Deserialize(engine.Handle, nativeCode, out var error) ?? throw new InvalidOperationException(error);
        _prepared = WasmLinker.Prepare(engine.Linker, _module, out error) ?? throw new InvalidOperationException(error);
        _run.Begin(engine.Threads, engine.Turns);
    }

    public void MakeAndDrop()
    {
        using var store = _engine.CreateStore(_engine.Handle, _run);
        var failure = store.Instantiate(_prepared, out _);
        if (failure.IsFailure)
        {
            throw new InvalidOperationException(failure.TakeMessage());
        }
    }

    public void Dispose()
    {
        _run.End();
        _prepared.Dispose();
        _module.Dispose();
    }
}
