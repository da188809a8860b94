using System.Collections.Immutable;
using System.Text.Json;
using System.Text.RegularExpressions;
using Wagi.Hosting.CommandLine;
using Wagi.Modules.Configuration;
using Wagi.Modules.Sources;

namespace Wagi.Runtime.Development;

/// <summary>A folder with a <c>modules.toml</c> and the sources of its modules, as it is now.</summary>
/// <param name="Build">The command that builds it, as a shell takes it; null: there is nothing to build.</param>
/// <param name="Watched">Absolute paths of the files and folders whose changes are worth a build.</param>
/// <param name="Products">Absolute paths of files and folders whose changes are not: the modules, and what modules write to.</param>
internal sealed partial record DevProject(string? Build, ImmutableArray<string> Watched, ImmutableHashSet<string> Products)
{
    /// <summary>The file's name in its folder.</summary>
    public const string ConfigurationFile = "modules.toml";

    private static readonly string[] Makefiles = ["GNUmakefile", "makefile", "Makefile"];

    /// <summary>Reads a project.</summary>
    /// <param name="folder">The folder, as the user named it.</param>
    /// <exception cref="UsageException">It is no project, or nothing says how it is built.</exception>
    public static DevProject Read(string folder)
    {
        var root = Path.GetFullPath(folder);
        var file = Path.Combine(folder, ConfigurationFile);
        try
        {
            var text = File.ReadAllText(file);
            var section = DevelopmentSection.Read(text, file);
            var entries = ModulesTomlReader.Read(text, file).Entries;
            ImmutableArray<string> modules = [.. entries.Where(entry => entry.Module.Scheme == ModuleScheme.File).Select(entry => Path.GetFullPath(entry.Module.Value, root)).Distinct()];
            var written = entries.SelectMany(entry => entry.Volumes).Where(volume => !volume.IsReadOnly).Select(volume => Path.GetFullPath(volume.HostPath, root)).Where(path => path != root);
            return new DevProject(
                section.Build ?? (!modules.IsEmpty && modules.All(IsText) ? null : FindBuild(root, modules) ?? (modules.IsEmpty ? null : throw new UsageException(WhyNoBuild(folder, file)))),
                section.Watch.IsEmpty ? [root] : [.. section.Watch.Select(path => Path.GetFullPath(path, root))],
                [.. modules, .. written]);
        }
        catch (Exception exception) when (!File.Exists(file) && exception is IOException)
        {
            throw new UsageException(WhyNoProject(folder));
        }
        catch (Exception exception) when (exception is FormatException or IOException or UnauthorizedAccessException)
        {
            throw new UsageException(exception.Message);
        }
    }

    /// <summary>The command that the project's own files stand for; null: none of them is there.</summary>
    /// <param name="root">Absolute path of the folder.</param>
    /// <param name="modules">Absolute paths of the modules.</param>
    internal static string? FindBuild(string root, ImmutableArray<string> modules)
    {
        string PathOf(string name) => Path.Combine(root, name);
        if (Makefiles.Select(PathOf).FirstOrDefault(File.Exists) is { } makefile)
        {
            return BuildTarget().IsMatch(File.ReadAllText(makefile)) ? "make build" : "make";
        }

        if (File.Exists(PathOf("Cargo.toml")))
        {
            // target/TARGET/PROFILE/NAME.wasm is where cargo puts what modules.toml names.
            var made = modules.Select(module => CargoOutput().Match(module)).FirstOrDefault(match => match.Success);
            var target = made?.Groups["target"].Value ?? "wasm32-wasip1";
            return $"cargo build --target {target}{(made?.Groups["profile"].Value == "debug" ? "" : " --release")}";
        }

        if (File.Exists(PathOf("go.mod")) && modules is [var module])
        {
            return $"GOOS=wasip1 GOARCH=wasm go build -o '{Path.GetRelativePath(root, module)}' .";
        }

        return HasBuildScript(PathOf("package.json")) ? "npm run build"
            : File.Exists(PathOf("build.zig")) ? "zig build"
            : null;
    }

    private static bool HasBuildScript(string package)
    {
        try
        {
            using var json = File.Exists(package) ? JsonDocument.Parse(File.ReadAllBytes(package)) : null;
            return json?.RootElement.TryGetProperty("scripts", out var scripts) == true && scripts.TryGetProperty("build", out _);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return false; // npm would say more about it, and is not asked.
        }
    }

    /// <summary>WebAssembly text needs no build: the server reads it.</summary>
    private static bool IsText(string module) => module.EndsWith(".wat", StringComparison.OrdinalIgnoreCase);

    private static string WhyNoProject(string folder) =>
        File.Exists(folder) ? $"'{folder}' is a file: name the folder that it is in"
        : Directory.Exists(folder) ? $"folder '{folder}' has no {ConfigurationFile}, which says what is served; 'wagi new LANGUAGE NAME' begins a project with one"
        : $"there is no folder '{folder}'";

    private static string WhyNoBuild(string folder, string file) =>
        $"nothing says how '{folder}' is built: there is no Makefile, Cargo.toml, go.mod, package.json with a script 'build', or build.zig; write into {file}: [dev], and in the next line build = \"COMMAND\"";

    [GeneratedRegex(@"^build\s*:(?!=)", RegexOptions.Multiline)]
    private static partial Regex BuildTarget();

    [GeneratedRegex("/target/(?<target>wasm[^/]*)/(?<profile>[^/]+)/[^/]+$")]
    private static partial Regex CargoOutput();
}
