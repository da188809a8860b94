using System.Collections.Immutable;
using Wagi.Modules.Configuration;
using Wagi.Modules.Secrets;

namespace Wagi.Runtime.Loading;

/// <summary>What is to be served: the configuration file and the mounted secrets, as they were read at one moment.</summary>
internal sealed record DesiredModules
{
    /// <summary>Path of the configuration file.</summary>
    public required string Path { get; init; }

    /// <summary>What the file says.</summary>
    public required ModulesFile File { get; init; }

    /// <summary><c>sha256:…</c> of the file; null when it could not be read.</summary>
    public required string? Digest { get; init; }

    /// <summary>When it was read.</summary>
    public required DateTimeOffset ReadAt { get; init; }

    /// <summary>Entry id → its secrets.</summary>
    public required ImmutableDictionary<string, ModuleSecrets> Secrets { get; init; }

    /// <summary>Whether there is a folder that secrets could come from.</summary>
    public required bool CanHaveSecrets { get; init; }

    /// <summary>The secrets of an entry, or null while they do not have the version that it asks for.</summary>
    public ModuleSecrets? SecretsFor(ModuleEntry entry) =>
        entry.SecretsVersion is not null
        && Secrets.TryGetValue(entry.Id, out var secrets)
        && secrets.Version == entry.SecretsVersion
            ? secrets
            : null;
}
