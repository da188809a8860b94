using System.Collections.Immutable;
using System.Text;
using Wagi.Modules.Configuration;
using Wagi.Modules.Routes;
using Wagi.Modules.Secrets;
using Wagi.Modules.Status;
using Wagi.Modules.Volumes;
using Wagi.Oci.Content;
using Wagi.Oci.Errors;
using Wagi.Oci.Modules;
using Wagi.Oci.References;
using Wagi.Oci.Remote;
using Wagi.Oci.Spin;
using Wagi.Runtime.Cache;
using Wagi.Runtime.Progress;
using Wagi.Spin.Applications;
using Wagi.Spin.Locked;
using Wagi.Spin.Outbound;

namespace Wagi.Runtime.Sources;

/// <summary>
/// Makes the modules of an entry out of a Spin application in a registry. What was pulled before is used, and may be used, as
/// <see cref="OciSource"/> does with modules.
/// </summary>
internal sealed class SpinSource(RegistryClient registries, BlobCache blobs, BlobGrants grants, FileFolders folders, ProgressDisplay progress)
{
    private const string Root = "/";

    private readonly WasmModuleSource _artifacts = new(registries);
    private readonly SpinLayers _layers = new(registries, new WasmModuleSourceOptions().MaxModuleSize);

    /// <summary>Writes the description of an application.</summary>
    /// <exception cref="Oci.Errors.OciException">It is not available.</exception>
    public async Task PullAsync(ModuleArtifact artifact, Stream target, CancellationToken cancellationToken) =>
        await target.WriteAsync(await _layers.PullApplicationAsync(artifact, cancellationToken), cancellationToken);

    /// <summary>The application with all of its modules.</summary>
    /// <param name="entry">The entry that names it.</param>
    /// <param name="reference">The artifact, with its digest.</param>
    /// <param name="description">Its description.</param>
    /// <param name="secrets">The entry's secrets.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ModuleSourceException">It cannot be served, or is not available.</exception>
    /// <exception cref="Oci.Errors.OciException">It is not available.</exception>
    public async Task<ModuleContent> ExpandAsync(
        ModuleEntry entry, Reference reference, ModuleContent description, ModuleSecrets? secrets, CancellationToken cancellationToken)
    {
        var application = Read(await ReadAsync(description, cancellationToken), reference);
        var routes = Translate(application, entry, reference, secrets);
        var pull = new Pull(entry.Tenant, reference, new Lazy<Task<ModuleArtifact>>(
            () => _artifacts.LocateAsync(reference, OciSource.CredentialsOf(secrets), cancellationToken)));
        var parts = ImmutableArray.CreateBuilder<ModulePart>();
        var kept = ImmutableArray.CreateBuilder<KeptFolder>();
        try
        {
            foreach (var same in routes.Routes.GroupBy(route => (route.Component, route.Entrypoint, route.Argv)))
            {
                var content = application.Contents[same.Key.Component];
                var component = await ComponentAsync(pull, same.Key.Component, DigestOf(content.Digest, reference), cancellationToken);
                parts.Add(new ModulePart(PartOf(entry, same.First()), component, [.. same.SelectMany(route => Patterns(entry.Route, route.Route))]));
                if (!content.Files.IsEmpty)
                {
                    kept.Add(await FolderAsync(pull, content.Files, cancellationToken));
                    parts[^1] = parts[^1] with { Content = component with { Volumes = [new Volume(Root, kept[^1].Path, IsReadOnly: true)] } };
                }
            }

            var remarks = routes.Remarks.Concat(routes.Routes.SelectMany(route => Ungranted(route, entry))).Distinct(StringComparer.Ordinal);
            return new ModuleContent(description.Digest, description.Reference, description.OpenAsync)
            {
                Parts = parts.ToImmutable(),
                Folders = kept.ToImmutable(),
                Remark = string.Join("; ", remarks),
            };
        }
        catch (Exception exception)
        {
            foreach (var part in parts)
            {
                part.Content.Dispose();
            }

            foreach (var folder in kept)
            {
                folder.Dispose();
            }

            throw exception switch
            {
                ArrivalException => new ModuleSourceException(ModuleReason.PullFailed, $"{reference}: {exception.Message}", exception),
                IOException or UnauthorizedAccessException => new ModuleSourceException(
                    ModuleReason.PullFailed, $"{reference}: its files cannot be unpacked into the cache: {exception.Message}", exception),
                _ => exception,
            };
        }
    }

    private static async Task<byte[]> ReadAsync(ModuleContent description, CancellationToken cancellationToken)
    {
        await using var stream = await description.OpenAsync(cancellationToken);
        var bytes = new byte[stream.Length];
        await stream.ReadExactlyAsync(bytes, cancellationToken);
        return bytes;
    }

    private static LockedApplication Read(byte[] json, Reference reference)
    {
        try
        {
            return LockedApplication.Read(json);
        }
        catch (FormatException exception)
        {
            throw new ModuleSourceException(ModuleReason.NotWasm, $"{reference}: {exception.Message}", exception);
        }
    }

    /// <summary>The routes, or what keeps the application from being served.</summary>
    private static SpinRoutes Translate(LockedApplication application, ModuleEntry entry, Reference reference, ModuleSecrets? secrets)
    {
        if (!entry.Route.IsPrefix)
        {
            throw Invalid($"{reference} is a Spin application, whose components have routes of their own below that of the entry: write '{entry.Route.Path.TrimEnd('/')}/...' instead of '{entry.Route}'");
        }

        if (entry.Entrypoint is not null || entry.Argv is not null)
        {
            throw Invalid($"{reference} is a Spin application, which says itself what its components' entrypoint and argv are: leave out those of the entry");
        }

        var values = entry.Environment.SetItems(secrets?.Environment ?? ImmutableSortedDictionary<string, string>.Empty);
        var routes = SpinRoutes.Of(application.Application, values);
        if (!routes.Refused.IsEmpty)
        {
            throw new ModuleSourceException(ModuleReason.UnknownImport, $"{reference} is a Spin application that cannot be served: {string.Join("; ", routes.Refused)}")
            {
                IsWorthRetrying = false,
            };
        }

        if (routes.Routes.IsEmpty)
        {
            throw new ModuleSourceException(ModuleReason.NotWasm, $"{reference} is a Spin application without a component that answers HTTP requests");
        }

        return routes.Routes.FirstOrDefault(route => !application.Contents[route.Component].Files.IsEmpty) is { } withFiles
            && (entry.Files.Any(mount => mount.Path == Root) || entry.Volumes.Any(volume => volume.GuestPath == Root))
                ? throw Invalid($"{reference}: component '{withFiles.Component}' has files of its own at '{Root}', where the entry has some, too: mount those of the entry at another path")
                : routes;
    }

    private static ModuleSourceException Invalid(string message) => new(ModuleReason.InvalidEntry, message);

    private static ModuleEntry PartOf(ModuleEntry entry, SpinRoute route) => entry with
    {
        Entrypoint = route.Entrypoint,
        Argv = route.Argv,
        Environment = route.Environment.SetItems(entry.Environment),
        AllowedHosts = OutboundPattern.Intersect(route.Outbound, entry.AllowedHosts),
    };

    /// <summary>The route of a component below that of the entry. A slash at the end of the application's own makes no difference in Spin.</summary>
    private static IEnumerable<RoutePattern> Patterns(RoutePattern mount, RoutePattern route)
    {
        yield return mount.Append(route);
        if (route is { Path: "/", IsPrefix: false } && mount.Path.Length > 0)
        {
            yield return RoutePattern.Parse(mount.Path);
        }
    }

    /// <summary>Who finds out by failing requests only would look in the wrong place.</summary>
    private static IEnumerable<string> Ungranted(SpinRoute route, ModuleEntry entry) => route.Outbound
        .Where(pattern => OutboundPattern.Intersect([pattern], entry.AllowedHosts).IsEmpty)
        .Select(pattern => $"component '{route.Component}' asks for '{pattern}', which is not among the allowed hosts");

    private async Task<ModuleContent> ComponentAsync(Pull pull, string component, Digest digest, CancellationToken cancellationToken)
    {
        var text = digest.ToString();
        var mayUse = await grants.MayUseAsync(
            pull.Tenant, pull.Reference, text, async () => blobs.Contains(text) && await _layers.MayReadAsync(await pull.Artifact.Value, digest, cancellationToken));
        var pulled = mayUse ? null : await PullAsync(pull, component, digest, cancellationToken);
        try
        {
            await grants.AddAsync(pull.Tenant, pull.Reference, text, isPulled: pulled is not null, cancellationToken);
        }
        catch
        {
            pulled?.Dispose();
            throw;
        }

        return new ModuleContent(text, $"oci://{pull.Reference} ({component})", OpenAsync) { Pulled = pulled };

        async Task<Stream> OpenAsync(CancellationToken token)
        {
            try
            {
                return pulled ?? await blobs.TryOpenAsync(text, token) ?? await PullAsync(pull, component, digest, token);
            }
            catch (OciException failure)
            {
                throw new ModuleSourceException(failure.Reason, failure.Message, failure);
            }
        }
    }

    private async Task<Stream> PullAsync(Pull pull, string component, Digest digest, CancellationToken cancellationToken)
    {
        var artifact = await pull.Artifact.Value;
        var size = _layers.SizeOf(artifact, digest);
        using var item = progress.Begin($"pulling {component} of {pull.Reference}", size);
        var (_, bytes) = await blobs.ReceiveAsync(
            pull.Tenant,
            size,
            async (target, token) =>
            {
                await _layers.PullComponentAsync(artifact, digest, item.Count(target), token);
                return digest.ToString();
            },
            cancellationToken);
        return bytes;
    }

    /// <summary>A folder is named after what it holds, so that versions with the same files share it.</summary>
    private async Task<KeptFolder> FolderAsync(Pull pull, ImmutableArray<LockedFile> locked, CancellationToken cancellationToken)
    {
        var files = locked.Select(file => new SpinFile(
            file.Path,
            file.Digest is not null ? DigestOf(file.Digest, pull.Reference)
                : Digest.Compute(file.Inline ?? throw new ModuleSourceException(ModuleReason.PullFailed, $"{pull.Reference}: the file '{file.Path}' has no content")),
            file.Inline)).ToList();
        var lines = files.Select(file => $"{file.Digest} {file.Path}").Order(StringComparer.Ordinal);
        var key = Digest.Compute(Encoding.UTF8.GetBytes(string.Join('\n', lines)));
        if (await grants.MayUseAsync(pull.Tenant, pull.Reference, key.ToString(), static () => Task.FromResult(false)) && await folders.TryKeepAsync(key, cancellationToken) is { } there)
        {
            return there;
        }

        var artifact = await pull.Artifact.Value;
        using var item = progress.Begin($"pulling files of {pull.Reference}");
        var folder = await blobs.ArriveAsync(
            pull.Tenant,
            _layers.Limits.MaxUnpackedSize,
            token => folders.FillAsync(key, (target, stop) => _layers.UnpackAsync(artifact, files, target, stop), token),
            cancellationToken);
        await grants.AddAsync(pull.Tenant, pull.Reference, key.ToString(), isPulled: false, cancellationToken);
        return folder;
    }

    private static Digest DigestOf(string text, Reference reference) => Digest.TryParse(text, out var digest, out var error)
        ? digest
        : throw new ModuleSourceException(ModuleReason.NotWasm, $"{reference}: the description of the Spin application names the digest '{text}': {error}");

    /// <summary>Where the parts of one application come from, should the cache not have them.</summary>
    private sealed record Pull(string Tenant, Reference Reference, Lazy<Task<ModuleArtifact>> Artifact);
}
