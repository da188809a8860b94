using System.Collections.Frozen;
using Wagi.Bindle.Applications;
using Wagi.Bindle.References;
using Wagi.Bindle.Stores;
using Wagi.Modules.Configuration;
using Wagi.Modules.Secrets;
using Wagi.Modules.Volumes;

namespace Wagi.Runtime.Sources;

/// <summary>The modules of one bindle that is served as a whole, each with the files that it requires.</summary>
internal sealed class ApplicationSource(IBindleStore store, BindleParcels parcels, ParcelFolders folders) : IModuleSource
{
    private volatile FrozenDictionary<string, ApplicationModule> _modules = FrozenDictionary<string, ApplicationModule>.Empty;

    /// <summary>Says what its entries stand for. To be called before they are loaded.</summary>
    public void Use(BindleApplication application) => _modules = application.Modules.ToFrozenDictionary(module => module.Entry.Id, StringComparer.Ordinal);

    public async Task<ModuleContent> FindAsync(ModuleEntry entry, ModuleSecrets? secrets, CancellationToken cancellationToken)
    {
        var module = _modules[entry.Id];
        var name = BindleName.TryParse(entry.Module.Value, out var parsed, out var error) ? parsed : throw new InvalidOperationException(error);
        return new ModuleContent(
            BindleParcels.DigestOf(module.Module),
            $"bindle:{name}@{module.Module.Sha256}",
            token => parcels.OpenAsync(entry.Tenant, store, name, module.Module, token))
        {
            // As in WAGI: the files lie below the root.
            Volumes = module.Files.IsEmpty ? [] : [new Volume("/", await folders.PrepareAsync(entry.Tenant, store, name, module.Files, cancellationToken), IsReadOnly: true)],
        };
    }
}

/// <summary>A bindle that is served as a whole: <c>-b</c>.</summary>
/// <param name="Name">The bindle.</param>
/// <param name="Server">The server that has it.</param>
/// <param name="Directory">Absolute path of a folder of standalone bindles, which comes before the server; null: the server has it.</param>
internal sealed record ApplicationOptions(BindleName Name, Uri Server, string? Directory);
