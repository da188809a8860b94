using System.Collections.Immutable;
using System.Text;
using Wagi.Modules.Volumes;
using Wagi.Runtime.Interop;

namespace Wagi.Runtime.Guests;

/// <summary>The files that a guest sees: its volumes, which may be none. Made once, for any number of runs at the same time.</summary>
public sealed class GuestFiles
{
    private readonly ImmutableArray<(byte[] HostPath, byte[] GuestPath, Volume Volume)> _volumes;

    /// <param name="engine">The engine that the guests run in.</param>
    /// <param name="volumes">Folders of the host, with absolute paths. They must exist when a guest starts.</param>
    public GuestFiles(GuestEngine engine, ImmutableArray<Volume> volumes)
    {
        ArgumentNullException.ThrowIfNull(engine);
        _volumes = [.. volumes.Select(volume => (Terminated(volume.HostPath), Terminated(volume.GuestPath), volume))];
        Bridge = engine.Bridge;
    }

    internal BridgeModule Bridge { get; }

    /// <summary>Configures WASI with the volumes, opened: what happens to their paths on the host later does not matter to the guest.</summary>
    /// <param name="configuration">A <c>wasi_config_t</c>.</param>
    /// <returns>The volume that cannot be opened; null when all can.</returns>
    internal unsafe Volume? Open(nint configuration)
    {
        foreach (var (hostPath, guestPath, volume) in _volumes)
        {
            fixed (byte* host = hostPath, guest = guestPath)
            {
                if (!NativeMethods.wasi_config_preopen_dir(configuration, host, guest, !volume.IsReadOnly))
                {
                    return volume;
                }
            }
        }

        return null;
    }

    private static byte[] Terminated(string path) => Encoding.UTF8.GetBytes(path + '\0');
}
