using Wagi.Modules.Configuration;
using Wagi.Modules.Secrets;
using Wagi.Modules.Status;
using Wagi.Oci.Modules;
using Wagi.Runtime.Cache;
using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Sources;

/// <summary>Modules from files. A relative path starts at the folder of the configuration file, or at the current one.</summary>
internal sealed class FileSource(string baseDirectory) : IModuleSource
{
    /// <summary>The absolute path of a file module.</summary>
    public string PathFor(ModuleEntry entry) => RelativePaths.Find(entry.Module.Value, baseDirectory, File.Exists);

    public async Task<ModuleContent> FindAsync(ModuleEntry entry, ModuleSecrets? secrets, CancellationToken cancellationToken)
    {
        var path = PathFor(entry);
        try
        {
            var bytes = await File.ReadAllBytesAsync(path, cancellationToken);
            var code = new CodeSearch();
            code.Read(bytes);
            if (code.IsTypesOnly)
            {
                throw new ModuleSourceException(ModuleReason.NotWasm, $"file '{path}' {CodeSearch.Refusal}");
            }

            return new ModuleContent(BlobCache.DigestOf(bytes), path, _ => Task.FromResult<Stream>(new MemoryStream(bytes)))
            {
                // Who can write here and to modules.toml can run what they like anyway; of a registry that cannot be said.
                NativeCode = GuestEngine.IsNativeCode(bytes) ? bytes : null,
            };
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ModuleSourceException(
                ModuleReason.NotFound, $"there is no file '{path}' (relative paths start at '{baseDirectory}')", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ModuleSourceException(ModuleReason.PullFailed, $"file '{path}' cannot be read: {exception.Message}", exception);
        }
    }
}

/// <summary>
/// Where relative paths of a <c>modules.toml</c> lead: to what is beside the file, so that the folder can be moved; and where there is
/// nothing, to what is in the current folder, which is where WAGI looks.
/// </summary>
internal static class RelativePaths
{
    /// <summary>The absolute path.</summary>
    /// <param name="path">The path as it is written.</param>
    /// <param name="baseDirectory">The folder of the file.</param>
    /// <param name="exists">Tells what is there.</param>
    public static string Find(string path, string baseDirectory, Func<string, bool> exists)
    {
        var beside = Path.GetFullPath(path, baseDirectory);
        var current = Path.GetFullPath(path);
        return exists(beside) || !exists(current) ? beside : current;
    }
}
