using System.Collections.Immutable;
using Wagi.Modules.Problems;

namespace Wagi.Modules.Configuration;

/// <summary>What a <c>modules.toml</c> says: the entries that can be used, and what is wrong with the rest.</summary>
/// <param name="Entries">The usable entries in the order of the file.</param>
/// <param name="Rejected">The entries that cannot be used, so that a last good version of them can be kept.</param>
/// <param name="Problems">Everything found wrong, in the order of the file.</param>
/// <param name="HasSyntaxErrors">
/// True when the file is not well-formed TOML: <paramref name="Entries"/> is what could be read of it, and entries may be missing
/// for that reason alone.
/// </param>
public sealed record ModulesFile(
    ImmutableArray<ModuleEntry> Entries,
    ImmutableArray<RejectedEntry> Rejected,
    ImmutableArray<Problem> Problems,
    bool HasSyntaxErrors)
{
    /// <summary>A file without entries.</summary>
    public static ModulesFile Empty { get; } = new([], [], [], HasSyntaxErrors: false);
}
