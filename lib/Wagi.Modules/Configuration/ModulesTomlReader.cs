using System.Collections.Immutable;
using Wagi.Modules.Problems;

namespace Wagi.Modules.Configuration;

/// <summary>Reads <c>modules.toml</c>. Whatever is wrong with the text becomes a problem with its place; none is thrown.</summary>
public static class ModulesTomlReader
{
    /// <summary>Reads the text of a file.</summary>
    /// <param name="text">The TOML.</param>
    /// <param name="file">The file's name, for problems.</param>
    public static ModulesFile Read(string text, string file)
    {
        var document = TomlDocument.Parse(text, file);
        var problems = ImmutableArray.CreateBuilder<Problem>();
        problems.AddRange(document.Problems);
        var change = ChecksumLine.Check(text, file);
        if (change is not null)
        {
            problems.Add(change);
        }

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
            document.HasSyntaxErrors || change is not null);
    }
}

/// <summary>What a <c>modules.toml</c> says: the entries that can be used, and what is wrong with the rest.</summary>
/// <param name="Entries">The usable entries in the order of the file.</param>
/// <param name="Rejected">The entries that cannot be used, so that their last good version can be kept.</param>
/// <param name="Problems">Everything that is wrong, in the order of the file.</param>
/// <param name="IsDamaged">
/// True when the file is not well-formed TOML, or was changed after it was generated (<see cref="ChecksumLine"/>): <paramref name="Entries"/>
/// is what could be read of it, and entries may be missing for no other reason.
/// </param>
public sealed record ModulesFile(
    ImmutableArray<ModuleEntry> Entries,
    ImmutableArray<RejectedEntry> Rejected,
    ImmutableArray<Problem> Problems,
    bool IsDamaged)
{
    /// <summary>A file without entries.</summary>
    public static ModulesFile Empty { get; } = new([], [], [], IsDamaged: false);
}

/// <summary>A <c>[[module]]</c> that cannot be used.</summary>
/// <param name="Id">Its id, if it could be read.</param>
/// <param name="Cause">The first thing wrong with it.</param>
public sealed record RejectedEntry(string Id, Problem Cause);
