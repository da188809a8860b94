using System.Collections.Immutable;
using System.Text;
using Wagi.Modules.Volumes;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Interop;

namespace Wagi.Runtime.Wasi;

/// <summary>The volumes of a module, which may be none, as Wasmtime's WASI opens them. Made once, for any number of runs at the same time.</summary>
internal sealed class GuestFiles : IGuestFiles
{
    private readonly Preopen[] _folders;
    private readonly GuestEngine _engine;
    private readonly Preview1 _wasi;

    /// <param name="engine">The engine that the guests run in.</param>
    /// <param name="volumes">Folders of the host, with absolute paths. They must exist when a guest starts.</param>
    public GuestFiles(GuestEngine engine, ImmutableArray<Volume> volumes)
    {
        Volumes = volumes;
        _folders = [.. volumes.Select(volume => new Preopen(Terminated(volume.HostPath), Terminated(volume.GuestPath), volume.IsReadOnly))];
        _engine = engine;
        _wasi = engine.Functions.OfType<Preview1>().Single();
    }

    /// <summary>The folders, in the order of their descriptors.</summary>
    public ImmutableArray<Volume> Volumes { get; }

    /// <summary>Through which a run of a core module calls Wasmtime's WASI.</summary>
    public BridgeModule BridgeOfModules => _wasi.BridgeOfModules(_engine.Handle);

    /// <summary>Through which the host calls it for a component, whose code is that of one of the engine's handles.</summary>
    public BridgeModule BridgeOfComponents(EngineHandle engine) => _wasi.BridgeOfComponents(engine);

    /// <inheritdoc/>
    /// <remarks>Once they are open, what happens to their paths on the host does not matter to the guest.</remarks>
    public string? Open(in WasmStore store)
    {
        var unopened = store.SetFolders(_folders);
        return unopened < 0
            ? null
            : $"volume '{Volumes[unopened].GuestPath}': '{Volumes[unopened].HostPath}' is not there any more, or may not be opened";
    }

    private static byte[] Terminated(string path) => Encoding.UTF8.GetBytes(path + '\0');
}
