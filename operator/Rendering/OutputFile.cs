using System.Text;
using Wagi.Hosting.Files;

namespace Wagi.Operator.Rendering;

/// <summary>Writes files that have changed, and leaves the others alone, so that nobody who watches them is woken for nothing.</summary>
internal static class OutputFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Writes text that everybody may read.</summary>
    public static void Write(string path, string text) => Write(path, Encoding.UTF8.GetBytes(text), isSecret: false);

    /// <summary>Writes bytes, for the owner alone if they are secret.</summary>
    public static void Write(string path, byte[] bytes, bool isSecret)
    {
        if (!File.Exists(path) || !File.ReadAllBytes(path).AsSpan().SequenceEqual(bytes))
        {
            AtomicFile.Write(path, bytes, isSecret ? OwnerOnly : null);
        }
    }
}
