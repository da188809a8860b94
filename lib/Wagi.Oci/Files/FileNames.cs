using System.Text;
using Wagi.Oci.Errors;

namespace Wagi.Oci.Files;

/// <summary>
/// The names of the files of an artifact: each inside its folder, each once, and not too many. What is unpacked is anybody's, so one that is
/// not in order makes the whole artifact unusable.
/// </summary>
/// <param name="limits">How many.</param>
/// <param name="subject">What they are of, for messages.</param>
internal sealed class FileNames(FilesLimits limits, string subject)
{
    private const int MaxSegment = 255;
    private const int MaxPath = 1024;
    private const string Whiteout = ".wh.";

    private readonly Dictionary<string, bool> _isFolder = new(StringComparer.Ordinal);

    /// <summary>Takes the name of a file, with all folders above it.</summary>
    /// <returns>The path inside the folder, without <c>.</c> and empty segments.</returns>
    /// <exception cref="OciException"><see cref="OciErrorKind.UnusableFiles"/> or <see cref="OciErrorKind.TooLarge"/>, naming it.</exception>
    public string AddFile(string name)
    {
        var path = Clean(name);
        if (path.Length == 0)
        {
            throw Refuse(name, "is a file without a name");
        }

        AddFolders(name, path, path.LastIndexOf('/'));
        Add(name, path, isFolder: false);
        return path;
    }

    /// <summary>Takes the name of a folder, which may be there already.</summary>
    /// <returns>The path inside the folder; empty: the folder itself.</returns>
    /// <exception cref="OciException"><see cref="OciErrorKind.UnusableFiles"/> or <see cref="OciErrorKind.TooLarge"/>, naming it.</exception>
    public string AddFolder(string name)
    {
        var path = Clean(name);
        AddFolders(name, path, path.Length);
        return path;
    }

    /// <summary>The error for an entry that is not unpacked.</summary>
    public OciException Refuse(string name, string why) =>
        new(OciErrorKind.UnusableFiles, $"{subject}: '{Printable(name)}' {why}");

    private void AddFolders(string name, string path, int end)
    {
        for (var slash = path.IndexOf('/'); slash >= 0 && slash < end; slash = path.IndexOf('/', slash + 1))
        {
            Add(name, path[..slash], isFolder: true);
        }

        if (end > 0)
        {
            Add(name, path[..end], isFolder: true);
        }
    }

    private void Add(string name, string path, bool isFolder)
    {
        if (_isFolder.TryGetValue(path, out var wasFolder))
        {
            if (isFolder && wasFolder)
            {
                return;
            }

            throw Refuse(name, isFolder == wasFolder ? "is there twice" : $"needs '{Printable(path)}' to be a file and a folder");
        }

        if (_isFolder.Count == limits.MaxFiles)
        {
            throw new OciException(OciErrorKind.TooLarge, $"{subject}: there are more than {limits.MaxFiles} files and folders; '{Printable(name)}' is one too many");
        }

        _isFolder.Add(path, isFolder);
    }

    private string Clean(string name)
    {
        if (name.StartsWith('/'))
        {
            throw Refuse(name, "is an absolute path; names are relative to the folder");
        }

        if (name.Any(char.IsControl) || name.Contains('\ufffd', StringComparison.Ordinal))
        {
            throw Refuse(name, "has a control character, or something that is not UTF-8, in its name");
        }

        var segments = name.Split('/').Where(segment => segment is not ("" or ".")).ToList();
        if (segments.Contains(".."))
        {
            throw Refuse(name, "leads out of the folder: a name must not hold '..'");
        }

        if (segments.Exists(segment => segment.StartsWith(Whiteout, StringComparison.Ordinal)))
        {
            throw Refuse(name, "removes a file of a lower layer of a container image; build the image with one layer");
        }

        if (segments.Exists(segment => Encoding.UTF8.GetByteCount(segment) > MaxSegment) || Encoding.UTF8.GetByteCount(name) > MaxPath)
        {
            throw Refuse(name, $"is too long: a name has at most {MaxSegment} bytes, a path {MaxPath}");
        }

        return string.Join('/', segments);
    }

    private static string Printable(string name)
    {
        var shown = string.Concat(name.Take(200).Select(character => char.IsControl(character) ? '?' : character));
        return shown.Length < name.Length ? shown + "…" : shown;
    }
}

/// <summary>How much the files of one artifact may be.</summary>
public sealed record FilesLimits
{
    /// <summary>Bytes that the layers may unpack to, all together: 256 MiB.</summary>
    public long MaxUnpackedSize { get; init; } = 256L << 20;

    /// <summary>Files and folders, all together.</summary>
    public int MaxFiles { get; init; } = 10_000;

    /// <summary>Layers: ORAS pushes each file as one.</summary>
    public int MaxLayers { get; init; } = 1000;
}
