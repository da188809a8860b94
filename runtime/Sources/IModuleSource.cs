using Wagi.Modules.Configuration;
using Wagi.Modules.Secrets;

namespace Wagi.Runtime.Sources;

/// <summary>Finds the bytes of modules of one scheme.</summary>
internal interface IModuleSource
{
    /// <summary>Finds the module that an entry names.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="secrets">Its secrets, or null when it has none.</param>
    /// <param name="cancellation">Stops the look-up.</param>
    /// <exception cref="ModuleSourceException">It cannot be had; the exception says why.</exception>
    Task<ModuleContent> FindAsync(ModuleEntry entry, ModuleSecrets? secrets, CancellationToken cancellation);
}
