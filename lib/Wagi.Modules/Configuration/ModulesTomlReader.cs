using System.Collections.Immutable;
using Wagi.Modules.Problems;

namespace Wagi.Modules.Configuration;

/// <summary>Reads <c>modules.toml</c>. Never throws for what the text says: it says what is wrong, and where.</summary>
public static class ModulesTomlReader
{
    /// <summary>Reads the text of a file.</summary>
    /// <param name="text">The TOML.</param>
    /// <param name="file">The name to give in problems.</param>
    public static ModulesFile Read(string text, string file)
    {
        var document = TomlDocument.Parse(text, file);
        var problems = ImmutableArray.CreateBuilder<Problem>();
        problems.AddRange(document.Problems);
        var entries = ImmutableArray.CreateBuilder<ModuleEntry>();
        var rejected = ImmutableArray.CreateBuilder<RejectedEntry>();
        var ids = new Dictionary<string, SourceLocation>(StringComparer.Ordinal);
        foreach (var table in document.Modules)
        {
            var reader = new ModuleEntryReader(table, problems);
            var entry = reader.Read();
            if (entry is null)
            {
                rejected.Add(new RejectedEntry(reader.Id, reader.Cause!));
                continue;
            }

            if (!ids.TryAdd(entry.Id, entry.Location))
            {
                // Without an id of its own an entry is named after its route.
                var (key, value, hint) = reader.HasOwnId
                    ? ("id", entry.Id, "give every [[module]] its own id")
                    : ("route", entry.Id, "one route leads to one module");
                problems.Add(new Problem(
                    entry.Location, ProblemSeverity.Error, $"{key} '{value}' is taken by the entry at line {ids[entry.Id].Line}", hint));
                continue;
            }

            entries.Add(entry);
        }

        return new ModulesFile(
            entries.ToImmutable(),
            rejected.ToImmutable(),
            [.. problems.OrderBy(problem => problem.Location.Line).ThenBy(problem => problem.Location.Column)],
            document.HasSyntaxErrors);
    }
}
