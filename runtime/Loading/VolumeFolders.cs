using Wagi.Modules.Configuration;
using Wagi.Modules.Status;
using Wagi.Modules.Volumes;
using Wagi.Runtime.Sources;

namespace Wagi.Runtime.Loading;

/// <summary>Finds the folders of an entry's volumes.</summary>
internal static class VolumeFolders
{
    /// <summary>The entry with absolute paths of the host in its volumes, each that of a folder.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="baseDirectory">Where relative paths start.</param>
    /// <exception cref="ModuleSourceException"><see cref="ModuleReason.InvalidEntry"/>: there is no such folder, at present.</exception>
    public static ModuleEntry Find(ModuleEntry entry, string baseDirectory) =>
        entry.Volumes.IsEmpty ? entry : entry with { Volumes = [.. entry.Volumes.Select(volume => Find(volume, baseDirectory))] };

    private static Volume Find(Volume volume, string baseDirectory)
    {
        var found = volume with { HostPath = RelativePaths.Find(volume.HostPath, baseDirectory, Directory.Exists) };
        if (Directory.Exists(found.HostPath))
        {
            return found;
        }

        var where = Path.IsPathRooted(volume.HostPath) ? "" : $" (relative paths start at '{baseDirectory}')";
        var what = File.Exists(found.HostPath) ? "is a file, and a volume is a folder" : "does not exist; create that folder, or correct its path";

        // Somebody may create it without touching modules.toml, as when a file system is mounted late.
        throw new ModuleSourceException(
            ModuleReason.InvalidEntry, $"volume '{volume.GuestPath}': '{found.HostPath}'{where} {what}")
        { IsWorthRetrying = true };
    }
}
