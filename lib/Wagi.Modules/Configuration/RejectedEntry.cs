using Wagi.Modules.Problems;

namespace Wagi.Modules.Configuration;

/// <summary>A <c>[[module]]</c> that cannot be used.</summary>
/// <param name="Id">Its id, as far as it could be read.</param>
/// <param name="Cause">The first thing wrong with it.</param>
public sealed record RejectedEntry(string Id, Problem Cause);
