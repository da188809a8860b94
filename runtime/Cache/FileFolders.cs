using System.Security.Cryptography;
using System.Text;
using Wagi.Hosting.Files;
using Wagi.Oci.Content;
using Wagi.Oci.Files;

namespace Wagi.Runtime.Cache;

/// <summary>
/// The files of OCI artifacts, unpacked: <c>files/&lt;hex&gt;/tree</c>, named after the digest of the manifest. Beside each tree is a list of what
/// is in it, with which it is compared before it is used.
/// </summary>
internal sealed partial class FileFolders(CacheDirectory directory, ILogger<FileFolders> logger)
{
    private const string Tree = "tree";
    private const string List = "list";

    /// <summary>The folder, if it is there and nothing in it is damaged.</summary>
    public async Task<KeptFolder?> TryKeepAsync(Digest digest, CancellationToken cancellationToken)
    {
        var folder = PathFor(digest);
        if (!Directory.Exists(folder))
        {
            return null;
        }

        FileStream? held = null;
        try
        {
            held = CacheDirectory.KeepFolder(folder);
            var lines = await File.ReadAllLinesAsync(Path.Combine(folder, List), cancellationToken);
            foreach (var line in lines)
            {
                if (line.Length < 66 || await HashOfAsync(Path.Combine(folder, Tree, line[65..]), cancellationToken) != line[..64])
                {
                    LogFolderDamaged(folder);
                    return null;
                }
            }

            var kept = new KeptFolder(Path.Combine(folder, Tree), lines.Length, held);
            held = null;
            return kept;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null; // It is being removed, or it was never complete.
        }
        finally
        {
            held?.Dispose();
        }
    }

    /// <summary>Unpacks the files into a folder beside the place, which they take in one step; where they are already, what is damaged is replaced.</summary>
    /// <param name="digest">Of the artifact.</param>
    /// <param name="unpack">Unpacks them, verified, into a folder that it makes.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IOException">The cache cannot be written to.</exception>
    public async Task<KeptFolder> FillAsync(
        Digest digest, Func<string, CancellationToken, Task<IReadOnlyList<UnpackedFile>>> unpack, CancellationToken cancellationToken)
    {
        var folder = PathFor(digest);
        var temporary = AtomicFile.TemporaryFor(folder);
        FileStream? held = null;
        try
        {
            Directory.CreateDirectory(temporary);
            var files = await unpack(Path.Combine(temporary, Tree), cancellationToken);
            var list = Encoding.UTF8.GetBytes(string.Concat(files.Select(file => $"{file.Sha256} {file.Path}\n")));
            await File.WriteAllBytesAsync(Path.Combine(temporary, List), list, cancellationToken);
            held = CacheDirectory.KeepFolder(folder);
            if (TryMove(temporary, folder))
            {
                directory.Add(files.Sum(file => file.Size));
            }
            else
            {
                await MendAsync(folder, temporary, files, cancellationToken);
            }

            return new KeptFolder(Path.Combine(folder, Tree), files.Count, held);
        }
        catch
        {
            held?.Dispose();
            throw;
        }
        finally
        {
            if (Directory.Exists(temporary))
            {
                Directory.Delete(temporary, recursive: true);
            }
        }
    }

    private static bool TryMove(string temporary, string folder)
    {
        try
        {
            Directory.Move(temporary, folder);
            return true;
        }
        catch (IOException) when (Directory.Exists(folder))
        {
            return false; // It was there, or another process was faster.
        }
    }

    /// <summary>Guests may have the folder open: each file is replaced by itself, in one step.</summary>
    private static async Task MendAsync(string folder, string temporary, IReadOnlyList<UnpackedFile> files, CancellationToken cancellationToken)
    {
        foreach (var file in files)
        {
            var path = Path.Combine(folder, Tree, file.Path);
            if (await HashOfAsync(path, cancellationToken) != file.Sha256)
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                File.Move(Path.Combine(temporary, Tree, file.Path), path, overwrite: true);
            }
        }

        File.Move(Path.Combine(temporary, List), Path.Combine(folder, List), overwrite: true);
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

    private string PathFor(Digest digest) => Path.Combine(directory.Files, digest.Hex);

    [LoggerMessage(LogLevel.Warning, "Cached files {Folder} are damaged: they will be pulled again")]
    private partial void LogFolderDamaged(string folder);
}

/// <summary>A folder of files in the cache, which is not removed before this is disposed.</summary>
/// <param name="Path">Where the files are.</param>
/// <param name="Files">How many there are.</param>
/// <param name="Held">The lock on it.</param>
internal sealed record KeptFolder(string Path, int Files, FileStream Held) : IDisposable
{
    public void Dispose() => Held.Dispose();
}
