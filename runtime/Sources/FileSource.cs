using Wagi.Modules.Configuration;
using Wagi.Modules.Secrets;
using Wagi.Modules.Status;
using Wagi.Runtime.Cache;
using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Sources;

/// <summary>Modules from files. A relative path starts at the folder of the configuration file, or at the current one.</summary>
internal sealed class FileSource(string baseDirectory) : IModuleSource
{
    /// <summary>The absolute path of a file module.</summary>
    public string PathFor(ModuleEntry entry) => RelativePaths.Find(entry.Module.Value, baseDirectory, File.Exists);

    public async Task<ModuleContent> FindAsync(ModuleEntry entry, ModuleSecrets? secrets, CancellationToken cancellation)
    {
        var path = PathFor(entry);
        try
        {
            var bytes = await File.ReadAllBytesAsync(path, cancellation);
            return new ModuleContent(BlobCache.DigestOf(bytes), path, _ => Task.FromResult(bytes))
            {
                // Who can write here and to modules.toml can run what they like anyway; of a registry that cannot be said.
                NativeCode = GuestEngine.IsNativeCode(bytes) ? bytes : null,
            };
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ModuleSourceException(
                ModuleReason.NotFound, $"there is no file '{path}' (relative paths start at '{baseDirectory}')", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ModuleSourceException(ModuleReason.PullFailed, $"file '{path}' cannot be read: {error.Message}", error);
        }
    }
}
