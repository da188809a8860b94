namespace Wagi.Oci.Modules;

/// <summary>
/// Which files a container image has, found from the topmost layer down (OCI image spec 1.1, "Image Layer Filesystem Changeset"): a file
/// hides what lower layers have at its path, a whiteout removes it.
/// </summary>
internal sealed class ImageFiles
{
    private const string WhiteoutPrefix = ".wh.";
    private const string OpaqueWhiteout = ".wh..wh..opq";

    // From higher layers: paths that are hidden with all below them, and directories whose content is hidden.
    private readonly HashSet<string> _hidden = new(StringComparer.Ordinal);
    private readonly HashSet<string> _opaque = new(StringComparer.Ordinal);

    // What the current layer adds; it must not hide the layer's own files.
    private readonly List<string> _nextHidden = [];
    private readonly List<string> _nextOpaque = [];

    /// <summary>Visits an entry of the current layer.</summary>
    /// <param name="path">The path in the archive.</param>
    /// <param name="isDirectory">Whether it is a directory, which merges with lower ones instead of hiding them.</param>
    /// <returns>The clean path of a file that exists in the image; null if it is a whiteout or hidden by a higher layer.</returns>
    public string? Visit(string path, bool isDirectory)
    {
        var clean = Clean(path);
        var slash = clean.LastIndexOf('/');
        var directory = slash < 0 ? "" : clean[..slash];
        var name = clean[(slash + 1)..];
        if (name == OpaqueWhiteout)
        {
            _nextOpaque.Add(directory);
            return null;
        }

        if (name.StartsWith(WhiteoutPrefix, StringComparison.Ordinal))
        {
            var removed = name[WhiteoutPrefix.Length..];
            _nextHidden.Add(directory.Length == 0 ? removed : $"{directory}/{removed}");
            return null;
        }

        if (!isDirectory)
        {
            _nextHidden.Add(clean);
        }

        return IsHidden(clean) ? null : clean;
    }

    /// <summary>Continues with the next lower layer.</summary>
    public void NextLayer()
    {
        _hidden.UnionWith(_nextHidden);
        _opaque.UnionWith(_nextOpaque);
        _nextHidden.Clear();
        _nextOpaque.Clear();
    }

    private bool IsHidden(string path)
    {
        if (_hidden.Contains(path) || _opaque.Contains(""))
        {
            return true;
        }

        for (var slash = path.LastIndexOf('/'); slash > 0; slash = path.LastIndexOf('/', slash - 1))
        {
            var parent = path[..slash];
            if (_hidden.Contains(parent) || _opaque.Contains(parent))
            {
                return true;
            }
        }

        return false;
    }

    private static string Clean(string path) =>
        string.Join('/', path.Split('/').Where(part => part is not ("" or ".")));
}
