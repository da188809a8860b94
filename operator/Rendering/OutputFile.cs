using System.Text;

namespace Wagi.Operator.Rendering;

/// <summary>Writes files so that a reader sees the old content or the new, and nothing when there is nothing new.</summary>
internal static class OutputFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Writes text that everybody may read.</summary>
    public static void Write(string path, string text) => Write(path, Encoding.UTF8.GetBytes(text), isSecret: false);

    /// <summary>Writes bytes, for the owner alone if they are secret.</summary>
    public static void Write(string path, byte[] bytes, bool isSecret)
    {
        if (File.Exists(path) && File.ReadAllBytes(path).AsSpan().SequenceEqual(bytes))
        {
            return;
        }

        var directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        Directory.CreateDirectory(directory);
        var temporary = Path.Combine(directory, $".{Path.GetFileName(path)}.{Environment.ProcessId}");
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (isSecret && !OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        using (var stream = new FileStream(temporary, options))
        {
            stream.Write(bytes);
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }
}
