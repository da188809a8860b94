using System.Collections.Frozen;

namespace Wagi.Modules.Configuration;

/// <summary>
/// What an entry may require of the runtime that serves it. Old runtimes ignore keys that they do not know; where that would take a
/// protection away, the writer of the entry names it in <c>requires</c>, and a runtime that does not have it refuses the entry.
/// </summary>
public static class ModuleCapabilities
{
    /// <summary>What this version has: nothing yet that an entry would have to require.</summary>
    public static FrozenSet<string> Known { get; } = FrozenSet<string>.Empty;
}
