using System.Collections.Immutable;
using Wagi.Modules.Problems;

namespace Wagi.Operator.Rendering;

/// <summary>The manifest files at a path, read again when they change.</summary>
/// <param name="path">A folder, with everything below it, or one file.</param>
/// <param name="keepsLastGood">Whether a file that cannot be read keeps counting as it was last read.</param>
internal sealed class ManifestFolder(string path, bool keepsLastGood)
{
    private static readonly string[] Extensions = [".yaml", ".yml", ".json"];
    private static readonly string[] Ignored = ["kustomization.yaml", "kustomization.yml"];

    private readonly Dictionary<string, ManifestFile> _lastGood = new(StringComparer.Ordinal);

    /// <summary>All files, by name.</summary>
    public ImmutableArray<ManifestFile> Read() => [.. Names().Order(StringComparer.Ordinal).Select(ReadFile).OfType<ManifestFile>()];

    private IEnumerable<string> Names() => File.Exists(path)
        ? [path]
        : Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Where(IsManifest);

    private static bool IsManifest(string file) =>
        Extensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase)
        && !Ignored.Contains(Path.GetFileName(file), StringComparer.OrdinalIgnoreCase)
        && !Path.GetFileName(file).StartsWith('.');

    private ManifestFile? ReadFile(string name)
    {
        ManifestFile file;
        try
        {
            file = ManifestReader.Read(File.ReadAllText(name), name, File.GetLastWriteTimeUtc(name));
        }
        catch (FileNotFoundException)
        {
            return null; // Gone since the folder was listed.
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            file = ManifestFile.Unreadable(new Problem(new SourceLocation(name, 0, 0), ProblemSeverity.Error, exception.Message), text: null);
        }

        if (file.Problems.IsEmpty)
        {
            _lastGood[name] = file;
            return file;
        }

        return keepsLastGood && _lastGood.TryGetValue(name, out var lastGood) ? lastGood.InPlaceOf(file) : file;
    }
}
