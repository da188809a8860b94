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

    /// <summary>
    /// Shows a module <c>Authorization</c> (<see cref="ModuleEntry.PassAuthorization"/>). Without it the module would refuse every client, as one
    /// that has sent no credentials.
    /// </summary>
    public const string Authorization = "authorization";

    /// <summary>Answers no more than an entry's <see cref="ModuleEntry.RateLimit"/>. Without it nothing would protect what the module protects by it.</summary>
    public const string RateLimit = "rate-limit";

    /// <summary>What this version has.</summary>
    public static FrozenSet<string> Known { get; } = [Signature, Files, Authorization, RateLimit];

    /// <summary>What an entry requires by what is in it, in the order in which it is written.</summary>
    public static IEnumerable<string> Of(ModuleEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (!entry.SignatureKeys.IsEmpty)
        {
            yield return Signature;
        }

        if (!entry.Files.IsEmpty)
        {
            yield return Files;
        }

        if (entry.PassAuthorization)
        {
            yield return Authorization;
        }

        if (entry.RateLimit is not null)
        {
            yield return RateLimit;
        }
    }
}
