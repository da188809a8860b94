using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Wagi.Bindle.Invoices;
using Wagi.Bindle.References;
using Wagi.Bindle.Stores;
using Wagi.Hosting.Files;
using Wagi.Modules.Status;
using Wagi.Runtime.Cache;

namespace Wagi.Runtime.Sources;

/// <summary>
/// Folders with the file parcels of a module, in the node-local cache: <c>files/&lt;hex&gt;</c>, named after what they hold. One that is
/// handed out is not removed from the cache before this is disposed.
/// </summary>
internal sealed class ParcelFolders(CacheDirectory directory, BindleParcels parcels) : IDisposable
{
    private readonly ConcurrentBag<FileStream> _locks = [];

    /// <summary>A folder with just these files, complete and compared with their hashes.</summary>
    /// <param name="tenant">Whose they are.</param>
    /// <param name="store">Where the bindle is kept.</param>
    /// <param name="bindle">The bindle.</param>
    /// <param name="files">The files; each name lies inside the folder.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="ModuleSourceException">A parcel is not available, or the folder cannot be written.</exception>
    public async Task<string> PrepareAsync(string tenant, IBindleStore store, BindleName bindle, ImmutableArray<Label> files, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(directory.Files, KeyOf(files));
        try
        {
            Directory.CreateDirectory(directory.Files);
            _locks.Add(CacheDirectory.KeepFolder(folder));
            if (Directory.Exists(folder))
            {
                await MendAsync(tenant, store, bindle, files, folder, cancellationToken);
            }
            else
            {
                await FillAsync(tenant, store, bindle, files, folder, cancellationToken);
            }

            return folder;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ModuleSourceException(
                ModuleReason.PullFailed, $"the files of bindle {bindle} cannot be written to the cache: {exception.Message}", exception);
        }
    }

    /// <summary>Everything is put into a folder beside it, which takes its place in one step.</summary>
    private async Task FillAsync(
        string tenant, IBindleStore store, BindleName bindle, ImmutableArray<Label> files, string folder, CancellationToken cancellationToken)
    {
        var temporary = AtomicFile.TemporaryFor(folder);
        try
        {
            foreach (var file in files)
            {
                var path = Path.Combine(temporary, file.Name);
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                await using var parcel = await parcels.OpenAsync(tenant, store, bindle, file, cancellationToken);
                await using var target = File.Create(path);
                await parcel.CopyToAsync(target, cancellationToken);
            }

            Directory.Move(temporary, folder);
        }
        catch (IOException) when (Directory.Exists(folder))
        {
            // Another process, or another module of this one, was faster.
        }
        finally
        {
            if (Directory.Exists(temporary))
            {
                Directory.Delete(temporary, recursive: true);
            }
        }
    }

    /// <summary>Compares what is there with its hashes, and writes again what is missing or damaged.</summary>
    private async Task MendAsync(
        string tenant, IBindleStore store, BindleName bindle, ImmutableArray<Label> files, string folder, CancellationToken cancellationToken)
    {
        foreach (var file in files)
        {
            var path = Path.Combine(folder, file.Name);
            if (await HashOfAsync(path, cancellationToken) != file.Sha256)
            {
                await using var parcel = await parcels.OpenAsync(tenant, store, bindle, file, cancellationToken);
                await AtomicFile.WriteAsync(path, (target, token) => parcel.CopyToAsync(target, token), cancellationToken);
            }
        }
    }

    private static async Task<string?> HashOfAsync(string path, CancellationToken cancellationToken)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        await using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken));
    }

    private static string KeyOf(ImmutableArray<Label> files)
    {
        var lines = files.Select(file => $"{file.Sha256} {file.Name}").Order(StringComparer.Ordinal);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', lines))));
    }

    public void Dispose()
    {
        foreach (var held in _locks)
        {
            held.Dispose();
        }
    }
}
