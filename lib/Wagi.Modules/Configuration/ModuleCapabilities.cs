using System.Collections.Frozen;

namespace Wagi.Modules.Configuration;

/// <summary>
/// What an entry may require of the runtime that serves it. Old runtimes ignore keys that they do not know; where that would take a
/// protection away, the writer of the entry names it in <c>module.requires</c>, and a runtime that does not have it refuses the entry: also
/// one that is older than requirements, because to it <c>module</c> is a string.
/// </summary>
public static class ModuleCapabilities
{
    /// <summary>Serves a module only when it is signed with one of the entry's <see cref="ModuleEntry.SignatureKeys"/>.</summary>
    public const string Signature = "signature";

    /// <summary>Shows a module its <see cref="ModuleEntry.Files"/>. Without them it would answer, and not what is meant.</summary>
    public const string Files = "files";

    /// <summary>What this version has.</summary>
    public static FrozenSet<string> Known { get; } = [Signature, Files];
}
