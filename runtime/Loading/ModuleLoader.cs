using System.Collections.Frozen;
using Wagi.Modules.Configuration;
using Wagi.Modules.Problems;
using Wagi.Modules.Secrets;
using Wagi.Modules.Sources;
using Wagi.Modules.Status;
using Wagi.Runtime.Cache;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Sharing;
using Wagi.Runtime.Sources;

namespace Wagi.Runtime.Loading;

/// <summary>Makes a <see cref="ServedModule"/> of an entry.</summary>
internal interface IModuleLoader
{
    /// <exception cref="ModuleSourceException">The bytes, or the folders of its volumes, are not available.</exception>
    /// <exception cref="GuestLoadException">The module cannot be run.</exception>
    Task<ServedModule> LoadAsync(ModuleEntry entry, ModuleSecrets? secrets, CancellationToken cancellationToken);
}

/// <summary>Makes a <see cref="ServedModule"/> of an entry: find, compile, check, ask for sub-routes.</summary>
/// <param name="engine">What modules run in.</param>
/// <param name="sources">Where they come from.</param>
/// <param name="mounts">Where their files come from.</param>
/// <param name="compiled">Their native code.</param>
/// <param name="handlers">Puts them behind their routes.</param>
/// <param name="baseDirectory">Where relative paths of volumes start.</param>
/// <param name="metrics">Times what is done.</param>
internal sealed class ModuleLoader(
    GuestEngine engine,
    FrozenDictionary<ModuleScheme, IModuleSource> sources,
    FileMounts mounts,
    CompiledCache compiled,
    ModuleHandlerFactory handlers,
    string baseDirectory,
    LoadMetrics metrics) : IModuleLoader
{
    /// <summary>
    /// Loads under way hold sockets and files; the bytes of a module are in a file until the compiler has a place for them. Most wait for
    /// registries, so there are many, but few enough of one tenant that it takes eight whose registries hang to keep the others waiting.
    /// </summary>
    private readonly TenantGate _loads = new(places: 64, placesOfTenant: 8);

    /// <inheritdoc/>
    public async Task<ServedModule> LoadAsync(ModuleEntry entry, ModuleSecrets? secrets, CancellationToken cancellationToken)
    {
        using var load = metrics.Begin(entry.Id);
        RefuseUnknownRequirements(entry);
        using var place = await load.StepAsync("waiting", () => _loads.EnterAsync(entry.Tenant, size: 0, cancellationToken));
        var located = VolumeFolders.Find(entry, baseDirectory);
        using var content = await load.StepAsync("finding", () => sources[entry.Module.Scheme].FindAsync(entry, secrets, cancellationToken));
        var files = await mounts.FindAsync(entry, secrets, cancellationToken, content.Folders);
        try
        {
            var served = await load.StepAsync("compiling", () => LoadAsync(entry, located, content, files, secrets, cancellationToken));
            load.Succeeded();
            return served;
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>Finds the bytes of an entry's module, and nothing else. Credentials are those of the person who runs the program.</summary>
    /// <exception cref="ModuleSourceException">They are not available.</exception>
    public Task<ModuleContent> FindAsync(ModuleEntry entry, CancellationToken cancellationToken) =>
        sources[entry.Module.Scheme].FindAsync(entry, secrets: null, cancellationToken);

    private async Task<ServedModule> LoadAsync(
        ModuleEntry entry, ModuleEntry located, ModuleContent content, MountedFiles files, ModuleSecrets? secrets, CancellationToken cancellationToken)
    {
        var loaded = new List<LoadedPart>();
        try
        {
            foreach (var part in content.Parts.IsEmpty ? [new ModulePart(entry, content, [entry.Route])] : content.Parts)
            {
                var volumes = located.Volumes.AddRange(part.Content.Volumes).AddRange(files.Volumes);
                loaded.Add(await LoadAsync(part with { Entry = part.Entry with { Volumes = volumes } }, cancellationToken));
            }
        }
        catch (Exception exception)
        {
            loaded.ForEach(part => part.Guest.Dispose());
            if (exception is GuestLoadException failure && !content.Parts.IsEmpty)
            {
                throw new GuestLoadException(failure.Reason, $"{content.Parts[loaded.Count].Content.Reference}: {failure.Message}")
                {
                    IsWorthRetrying = failure.IsWorthRetrying,
                };
            }

            throw;
        }

        return handlers.Create(entry, loaded, isApplication: !content.Parts.IsEmpty, secrets, content.Digest, content.Reference, files, content.Remark);
    }

    private async Task<LoadedPart> LoadAsync(ModulePart part, CancellationToken cancellationToken)
    {
        var (located, content, routes) = part;
        var hasVolumes = !located.Volumes.IsEmpty;
        var guest = content.NativeCode is { } nativeCode
            ? engine.LoadPrecompiled(nativeCode)
            : await compiled.GetAsync(
                located.Tenant, content.Digest, content.Reference, hasVolumes ? Preinitialization.None : located.Preinitialization, content.OpenAsync, cancellationToken);
        try
        {
            guest.Check(located.Entrypoint, hasFiles: hasVolumes);
            return new LoadedPart(located, routes, guest, RemarkOn(guest, located.Preinitialization, hasVolumes));
        }
        catch
        {
            guest.Dispose();
            throw;
        }
    }

    /// <summary>
    /// What there is to say about when a module is initialized. Libraries look for their folders once, when they are set up; and native code has
    /// been made already, one way or the other.
    /// </summary>
    private static string RemarkOn(Guest guest, Preinitialization wanted, bool hasVolumes) => (guest.IsPreinitialized, wanted, hasVolumes) switch
    {
        (true, _, true) => "it was initialized when it was compiled, and may not find its volumes: compile it without --preinitialize",
        (false, not Preinitialization.None, true) => "not preinitialized: it has volumes, and would not find them, because they are there only in a request",
        (false, not Preinitialization.None, false) when guest.Remark.Length == 0 =>
            "not preinitialized: it is native code already; 'wagi compile --preinitialize true' makes native code of a module that is",
        _ => guest.Remark,
    };

    /// <summary>Before anything else is done for the entry: what it requires may be about any of it.</summary>
    private static void RefuseUnknownRequirements(ModuleEntry entry)
    {
        var unknown = entry.Requires.Where(name => !ModuleCapabilities.Known.Contains(name)).Select(Describe).ToList();
        if (unknown.Count > 0)
        {
            throw new GuestLoadException(
                ModuleReason.UnknownRequirement,
                $"the entry requires {string.Join(", ", unknown)}, which this runtime (version {RuntimeVersion.Current}) does not have; upgrade the runtime");
        }

        static string Describe(string name) =>
            NearestName.Of(name, ModuleCapabilities.Known) is { } nearest ? $"'{name}' (did you mean '{nearest}'?)" : $"'{name}'";
    }
}
