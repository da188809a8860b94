using System.Collections.Immutable;
using Wagi.Modules.Configuration;
using Wagi.Modules.Secrets;
using Wagi.Modules.Sources;
using Wagi.Modules.Status;
using Wagi.Modules.Volumes;
using Wagi.Oci.Authentication;
using Wagi.Oci.Errors;
using Wagi.Oci.Files;
using Wagi.Oci.References;
using Wagi.Oci.Remote;
using Wagi.Runtime.Cache;
using Wagi.Runtime.Progress;

namespace Wagi.Runtime.Sources;

/// <summary>
/// Finds the files of an entry: a folder beside <c>modules.toml</c>, or what an OCI artifact holds, unpacked once for each digest. What was pulled
/// before is used, and may be used, as <see cref="OciSource"/> does with modules.
/// </summary>
internal sealed partial class FileMounts(
    RegistryClient registries,
    BlobCache blobs,
    FileFolders folders,
    BlobGrants grants,
    ReferenceCache references,
    SignatureCheck signatures,
    string baseDirectory,
    ProgressDisplay progress,
    ILogger<FileMounts> logger)
{
    private readonly FilesSource _files = new(registries);
    private readonly Turns _turns = new();

    /// <summary>The folders of the host where the files of an entry are.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="secrets">Its secrets; null: there are none, and the person's own credentials count.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="others">Folders that are to be kept with them.</param>
    /// <exception cref="ModuleSourceException">They are not available; the exception says why.</exception>
    public async Task<MountedFiles> FindAsync(
        ModuleEntry entry, ModuleSecrets? secrets, CancellationToken cancellationToken, params ImmutableArray<KeptFolder> others)
    {
        var mounted = new MountedFiles(others);
        try
        {
            foreach (var mount in entry.Files)
            {
                var folder = mount.Reference.Scheme == ModuleScheme.Oci
                    ? mounted.Keep(await PullAsync(entry.Tenant, mount, secrets, cancellationToken))
                    : LocalFolder(mount);
                mounted.Add(new Volume(mount.Path, folder, IsReadOnly: true));
            }

            return mounted;
        }
        catch
        {
            mounted.Dispose();
            throw;
        }
    }

    private string LocalFolder(FilesMount mount)
    {
        var folder = RelativePaths.Find(mount.Reference.Value, baseDirectory, Directory.Exists);
        if (Directory.Exists(folder))
        {
            return folder;
        }

        var what = File.Exists(folder) ? "is a file, and files are in a folder" : "does not exist; an OCI artifact begins with 'oci://'";
        throw new ModuleSourceException(
            ModuleReason.NotFound, $"files at '{mount.Path}': '{folder}' (relative paths start at '{baseDirectory}') {what}");
    }

    private async Task<KeptFolder> PullAsync(string tenant, FilesMount mount, ModuleSecrets? secrets, CancellationToken cancellationToken)
    {
        if (!Reference.TryParse(mount.Reference.Value, out var reference, out var error))
        {
            throw new ModuleSourceException(ModuleReason.InvalidEntry, $"files at '{mount.Path}': {error}");
        }

        try
        {
            return await FindAsync(tenant, mount, reference, OciSource.CredentialsOf(secrets), cancellationToken);
        }
        catch (OciException failure)
        {
            // It is no Wasm and need not be.
            var reason = failure.Kind == OciErrorKind.UnsupportedArtifact ? ModuleReason.PullFailed : failure.Reason;
            throw new ModuleSourceException(reason, $"files at '{mount.Path}': {failure.Message}", failure);
        }
        catch (ArrivalException failure)
        {
            throw new ModuleSourceException(ModuleReason.PullFailed, $"files at '{mount.Path}': {reference}: {failure.Message}", failure);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new ModuleSourceException(
                ModuleReason.PullFailed, $"files at '{mount.Path}': {reference} cannot be unpacked into the cache: {failure.Message}", failure);
        }
    }

    private async Task<KeptFolder> FindAsync(
        string tenant, FilesMount mount, Reference reference, ICredentialStore? credentials, CancellationToken cancellationToken)
    {
        // The same reference may name a module, too.
        var record = $"files {reference}";
        var known = await references.TryReadAsync(tenant, record, cancellationToken);
        var pinned = known is null ? null : reference.WithDigest(Oci.Content.Digest.Parse(known.ManifestDigest));
        if (pinned is not null && reference.Digest is not null && await KnownAsync(mount, pinned, credentials, cancellationToken) is { } kept)
        {
            return kept;
        }

        try
        {
            var artifact = await _files.LocateAsync(reference, credentials, cancellationToken);
            await signatures.PassAsync(mount.SignatureKeys, reference.WithDigest(artifact.Digest), credentials, cancellationToken);
            var folder = await FolderAsync(tenant, artifact, cancellationToken);
            try
            {
                var digest = artifact.Digest.ToString();
                await references.StoreAsync(tenant, new ReferenceRecord(record, digest, digest), cancellationToken);
                return folder;
            }
            catch
            {
                folder.Dispose();
                throw;
            }
        }
        catch (OciException failure) when (failure.IsTransient && pinned is not null)
        {
            if (await KnownAsync(mount, pinned, credentials, cancellationToken) is not { } before)
            {
                throw;
            }

            LogFilesFromCache(reference.ToString(), known!.ManifestDigest, failure.Message);
            return before;
        }
    }

    /// <summary>What this tenant has had before, if it is in the cache still.</summary>
    private async Task<KeptFolder?> KnownAsync(FilesMount mount, Reference pinned, ICredentialStore? credentials, CancellationToken cancellationToken)
    {
        await signatures.PassAsync(mount.SignatureKeys, pinned, credentials, cancellationToken);
        return await folders.TryKeepAsync(pinned.Digest!, cancellationToken);
    }

    private async Task<KeptFolder> FolderAsync(string tenant, FilesArtifact artifact, CancellationToken cancellationToken)
    {
        var digest = artifact.Digest.ToString();

        // Modules that share them come at the same time: the first pulls.
        using var turn = await _turns.TakeAsync($"{tenant} {digest}", cancellationToken);
        if (await folders.TryKeepAsync(artifact.Digest, cancellationToken) is { } there)
        {
            if (await grants.MayUseAsync(tenant, artifact.Reference, digest, () => _files.MayReadAsync(artifact, cancellationToken)))
            {
                await grants.AddAsync(tenant, artifact.Reference, digest, isPulled: false, cancellationToken);
                return there;
            }

            there.Dispose();
        }

        LogPullingFiles(artifact.Reference.ToString());
        using var item = progress.Begin($"pulling files {artifact.Reference}");
        var folder = await blobs.ArriveAsync(
            tenant,
            _files.Limits.MaxUnpackedSize,
            token => folders.FillAsync(artifact.Digest, (target, stop) => _files.UnpackAsync(artifact, target, stop), token),
            cancellationToken);
        LogPulledFiles(artifact.Reference.ToString(), digest, folder.Files);
        await grants.AddAsync(tenant, artifact.Reference, digest, isPulled: true, cancellationToken);
        return folder;
    }

    [LoggerMessage(LogLevel.Information, "Pulling files {Reference}")]
    private partial void LogPullingFiles(string reference);

    [LoggerMessage(LogLevel.Information, "Pulled files {Reference}: manifest {ManifestDigest}, {Files} files")]
    private partial void LogPulledFiles(string reference, string manifestDigest, int files);

    [LoggerMessage(LogLevel.Warning, "Files {Reference} are those of {ManifestDigest} from the cache, because the registry did not answer: {Error}")]
    private partial void LogFilesFromCache(string reference, string manifestDigest, string error);
}

/// <summary>The files of an entry. They are not removed from the cache before this is disposed.</summary>
internal sealed class MountedFiles(ImmutableArray<KeptFolder> others) : IDisposable
{
    private readonly List<KeptFolder> _kept = [.. others];
    private readonly ImmutableArray<Volume>.Builder _volumes = ImmutableArray.CreateBuilder<Volume>();

    /// <summary>The folders of the host.</summary>
    public ImmutableArray<Volume> Volumes => _volumes.ToImmutable();

    public string Keep(KeptFolder folder)
    {
        _kept.Add(folder);
        return folder.Path;
    }

    public void Add(Volume volume) => _volumes.Add(volume);

    public void Dispose() => _kept.ForEach(folder => folder.Dispose());
}
