using System.Collections.Immutable;
using System.Text;
using Wagi.Modules.Volumes;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Interop;

namespace Wagi.Runtime.Wasi;

/// <summary>The volumes of a module, which may be none, as Wasmtime's WASI opens them. Made once, for any number of runs at the same time.</summary>
internal sealed class GuestFiles : IGuestFiles
{
    private readonly ImmutableArray<Volume> _volumes;
    private readonly Preopen[] _folders;

    /// <param name="engine">The engine that the guests run in.</param>
    /// <param name="volumes">Folders of the host, with absolute paths. They must exist when a guest starts.</param>
    public GuestFiles(GuestEngine engine, ImmutableArray<Volume> volumes)
    {
        _volumes = volumes;
        _folders = [.. volumes.Select(volume => new Preopen(Terminated(volume.HostPath), Terminated(volume.GuestPath), volume.IsReadOnly))];
        Bridge = engine.Functions.OfType<Preview1>().Single().BridgeOf(engine.Handle);
    }

    /// <summary>The module through which a run calls Wasmtime's WASI.</summary>
    public BridgeModule Bridge { get; }

    /// <inheritdoc/>
    /// <remarks>Once they are open, what happens to their paths on the host does not matter to the guest.</remarks>
    public string? Open(in WasmStore store)
    {
        var unopened = store.SetFolders(_folders);
        return unopened < 0
            ? null
            : $"volume '{_volumes[unopened].GuestPath}': '{_volumes[unopened].HostPath}' is not there any more, or may not be opened";
    }

    private static byte[] Terminated(string path) => Encoding.UTF8.GetBytes(path + '\0');
}
