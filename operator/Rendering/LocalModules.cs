namespace Wagi.Operator.Rendering;

/// <summary>Modules in a folder: <c>DIR/NAME.wasm</c> or <c>DIR/NAME.wat</c> stands for every repository whose name ends in <c>NAME</c>.</summary>
internal static class LocalModules
{
    // The binary is what a build made last, the text is what it may have been made from.
    private static readonly string[] Extensions = [".wasm", ".wat"];

    /// <summary>Name → absolute path, as <see cref="Planning.PlanInput.LocalModules"/> takes it.</summary>
    public static IReadOnlyDictionary<string, string> In(string? directory)
    {
        var modules = new Dictionary<string, string>(StringComparer.Ordinal);
        if (directory is null || !Directory.Exists(directory))
        {
            return modules;
        }

        foreach (var extension in Extensions)
        {
            foreach (var file in Directory.EnumerateFiles(directory, "*" + extension))
            {
                modules.TryAdd(Path.GetFileNameWithoutExtension(file), Path.GetFullPath(file));
            }
        }

        return modules;
    }
}
