using System.Collections.Immutable;
using Tomlyn.Model;
using Wagi.Modules.Problems;
using Wagi.Modules.Toml;

namespace Wagi.Modules.Configuration;

/// <summary>The <c>[dev]</c> table of a <c>modules.toml</c>: how its modules are built. Only <c>wagi dev</c> reads it; to a server it is nothing.</summary>
/// <param name="Build">The command, as a shell takes it; null: it is not said.</param>
/// <param name="Watch">Files and folders whose changes are worth a build, relative to the file's folder; empty: all below it.</param>
public sealed record DevelopmentSection(string? Build, ImmutableArray<string> Watch)
{
    /// <summary>The table's name.</summary>
    internal const string Name = "dev";

    private const string BuildKey = "build";
    private const string WatchKey = "watch";

    private static readonly string[] Keys = [BuildKey, WatchKey];

    /// <summary>A file without the table.</summary>
    public static DevelopmentSection Empty { get; } = new(null, []);

    /// <summary>Reads it.</summary>
    /// <param name="text">The text of a <c>modules.toml</c>.</param>
    /// <param name="file">The file's name, for messages.</param>
    /// <exception cref="FormatException">The text is not TOML, or the table has something else in it.</exception>
    public static DevelopmentSection Read(string text, string file)
    {
        if (!TomlTables.Read(text, file).TryGetValue(Name, out var value))
        {
            return Empty;
        }

        var table = value as TomlTable ?? throw new FormatException($"{file}: 'dev' is not a table: write [dev]");
        if (table.Keys.FirstOrDefault(key => !Keys.Contains(key)) is { } unknown)
        {
            var nearest = NearestName.Of(unknown, Keys);
            throw new FormatException($"{file}: [dev] has no key '{unknown}'{(nearest is null ? $"; its keys are {string.Join(" and ", Keys)}" : $"; did you mean '{nearest}'?")}");
        }

        return new DevelopmentSection(ReadBuild(table, file), ReadWatch(table, file));
    }

    private static string? ReadBuild(TomlTable table, string file) => !table.TryGetValue(BuildKey, out var value) ? null
        : value is string command && !string.IsNullOrWhiteSpace(command) ? command
        : throw new FormatException($"{file}: [dev] '{BuildKey}' is not a command; write for example {BuildKey} = \"make\"");

    private static ImmutableArray<string> ReadWatch(TomlTable table, string file)
    {
        if (!table.TryGetValue(WatchKey, out var value))
        {
            return [];
        }

        var paths = (value as TomlArray ?? []).OfType<string>().Where(path => path.Length > 0).ToImmutableArray();
        return value is TomlArray all && all.Count == paths.Length && paths.Length > 0
            ? paths
            : throw new FormatException($"{file}: [dev] '{WatchKey}' is not a list of files and folders; write for example {WatchKey} = [\"src\", \"Makefile\"]");
    }
}
