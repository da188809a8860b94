using Wagi.Modules.Configuration;
using Wagi.Modules.Secrets;
using Wagi.Modules.Status;
using Wagi.Oci.Authentication;
using Wagi.Oci.Errors;
using Wagi.Oci.Modules;
using Wagi.Oci.References;
using Wagi.Oci.Remote;
using Wagi.Runtime.Cache;
using Wagi.Runtime.Progress;

namespace Wagi.Runtime.Sources;

/// <summary>
/// Modules from OCI registries. A reference with a digest that was pulled once is served from the cache without asking the
/// registry; a tag is asked for whenever the module is loaded, and stands for what it stood for last while the registry is down. What an
/// entry wants signed is let through by <see cref="SignatureCheck"/> first.
/// </summary>
internal sealed partial class OciSource(
    RegistryClient registries,
    BlobCache blobs,
    BlobGrants grants,
    ReferenceCache references,
    SignatureCheck signatures,
    FileFolders folders,
    ProgressDisplay progress,
    ILogger<OciSource> logger) : IModuleSource
{
    private readonly WasmModuleSource _modules = new(registries);
    private readonly SpinSource _applications = new(registries, blobs, grants, folders, progress);

    public async Task<ModuleContent> FindAsync(ModuleEntry entry, ModuleSecrets? secrets, CancellationToken cancellationToken)
    {
        if (!Reference.TryParse(entry.Module.Value, out var reference, out var error))
        {
            throw new ModuleSourceException(ModuleReason.InvalidEntry, error);
        }

        try
        {
            return await FindAsync(entry, reference, secrets, cancellationToken);
        }
        catch (OciException failure)
        {
            throw new ModuleSourceException(failure.Reason, failure.Message, failure);
        }
    }

    private async Task<ModuleContent> FindAsync(ModuleEntry entry, Reference reference, ModuleSecrets? secrets, CancellationToken cancellationToken)
    {
        var known = await references.TryReadAsync(entry.Tenant, reference.ToString(), cancellationToken);
        if (known is not null && reference.Digest is not null)
        {
            return await FromRecordAsync(entry, reference, known, secrets, cancellationToken);
        }

        try
        {
            var (record, wasm) = await PullAsync(entry, reference, secrets, cancellationToken);
            return await ContentAsync(entry, reference, record, wasm, secrets, cancellationToken);
        }
        catch (OciException failure) when (failure.IsTransient && known is not null)
        {
            LogServedFromCache(reference.ToString(), known.ManifestDigest, failure.Message);
            return await FromRecordAsync(entry, reference, known, secrets, cancellationToken);
        }
    }

    private async Task<ModuleContent> FromRecordAsync(
        ModuleEntry entry, Reference reference, ReferenceRecord record, ModuleSecrets? secrets, CancellationToken cancellationToken)
    {
        // What was pulled before need not have been signed: the entry did not ask for it, or it asked for other keys.
        await signatures.PassAsync(entry.SignatureKeys, Pin(reference, record), CredentialsOf(secrets), cancellationToken);
        return await ContentAsync(entry, reference, record, null, secrets, cancellationToken);
    }

    private async Task<ModuleContent> ContentAsync(
        ModuleEntry entry, Reference reference, ReferenceRecord record, Stream? pulled, ModuleSecrets? secrets, CancellationToken cancellationToken)
    {
        var content = new ModuleContent(
            record.WasmDigest, Describe(reference, record), token => OpenAsync(entry, reference, record, pulled, secrets, token))
        {
            Pulled = pulled,
        };
        if (!record.IsApplication)
        {
            return content;
        }

        using (content)
        {
            return await _applications.ExpandAsync(entry, Pin(reference, record), content, secrets, cancellationToken);
        }
    }

    private async Task<Stream> OpenAsync(
        ModuleEntry entry, Reference reference, ReferenceRecord record, Stream? pulled, ModuleSecrets? secrets, CancellationToken cancellationToken)
    {
        if ((pulled ?? await blobs.TryOpenAsync(record.WasmDigest, cancellationToken)) is { } wasm)
        {
            return wasm;
        }

        try
        {
            // The record is there and its blob is not: removed as least recently used, or damaged.
            var pinned = Pin(reference, record);
            var (again, bytes) = await PullAsync(entry, pinned, secrets, cancellationToken);
            if (again.WasmDigest != record.WasmDigest)
            {
                bytes?.Dispose();
                throw new ModuleSourceException(
                    ModuleReason.DigestMismatch, $"{pinned}: holds {again.WasmDigest} and should hold {record.WasmDigest}");
            }

            return bytes ?? await blobs.TryOpenAsync(again.WasmDigest, cancellationToken)
                ?? throw new ModuleSourceException(ModuleReason.PullFailed, $"{pinned}: the cached module was removed while it was read");
        }
        catch (OciException failure)
        {
            throw new ModuleSourceException(failure.Reason, failure.Message, failure);
        }
    }

    /// <summary>Asks the registry; the Wasm is null when the cache has it already and this tenant may use it.</summary>
    private async Task<(ReferenceRecord Record, Stream? Wasm)> PullAsync(
        ModuleEntry entry, Reference reference, ModuleSecrets? secrets, CancellationToken cancellationToken)
    {
        var tenant = entry.Tenant;
        var artifact = await _modules.LocateAsync(reference, CredentialsOf(secrets), cancellationToken);
        await signatures.PassAsync(entry.SignatureKeys, reference.WithDigest(artifact.Digest), CredentialsOf(secrets), cancellationToken);
        Stream? wasm = null;
        var wasmDigest = artifact.ContentDigest?.ToString();
        if (wasmDigest is null || !blobs.Contains(wasmDigest)
            || !await grants.MayUseAsync(tenant, reference, wasmDigest, () => _modules.MayReadAsync(artifact, cancellationToken)))
        {
            (wasmDigest, wasm) = await PullAsync(tenant, reference, artifact, cancellationToken);
        }

        try
        {
            await grants.AddAsync(tenant, reference, wasmDigest, isPulled: wasm is not null, cancellationToken);
            var record = new ReferenceRecord(reference.ToString(), artifact.Digest.ToString(), wasmDigest)
            {
                IsApplication = artifact.Layout == ModuleLayout.SpinApplication,
            };
            await references.StoreAsync(tenant, record, cancellationToken);
            return (record, wasm);
        }
        catch
        {
            wasm?.Dispose();
            throw;
        }
    }

    private async Task<(string Digest, Stream Wasm)> PullAsync(
        string tenant, Reference reference, ModuleArtifact artifact, CancellationToken cancellationToken)
    {
        LogPulling(reference.ToString());
        using var item = progress.Begin($"pulling {reference}", artifact.ContentSize);
        try
        {
            return await blobs.ReceiveAsync(
                tenant,
                artifact.ContentSize ?? _modules.MaxModuleSize,
                async (target, token) =>
                {
                    if (artifact.Layout == ModuleLayout.SpinApplication)
                    {
                        await _applications.PullAsync(artifact, item.Count(target), token);
                        return artifact.ContentDigest!.ToString();
                    }

                    var pulled = await _modules.PullAsync(artifact, item.Count(target), token);
                    LogPulled(reference.ToString(), pulled.ManifestDigest.ToString(), pulled.Size);
                    return pulled.WasmDigest.ToString();
                },
                cancellationToken);
        }
        catch (ArrivalException exception)
        {
            throw new ModuleSourceException(ModuleReason.PullFailed, $"{reference}: {exception.Message}", exception);
        }
    }

    private static Reference Pin(Reference reference, ReferenceRecord record) => reference.WithDigest(Oci.Content.Digest.Parse(record.ManifestDigest));

    private static string Describe(Reference reference, ReferenceRecord record) => $"oci://{Pin(reference, record)}";

    /// <summary>In a cluster only what the module's own imagePullSecrets say; elsewhere what the person has logged in to.</summary>
    public static ICredentialStore? CredentialsOf(ModuleSecrets? secrets)
    {
        if (secrets is null)
        {
            return DockerConfigCredentialStore.FromUserConfiguration();
        }

        return new ChainedCredentialStore([.. secrets.DockerConfigs.Select(DockerConfigCredentialStore.FromPullSecret)]);
    }

    [LoggerMessage(LogLevel.Information, "Pulling {Reference}")]
    private partial void LogPulling(string reference);

    [LoggerMessage(LogLevel.Information, "Pulled {Reference}: manifest {ManifestDigest}, {Bytes} bytes of Wasm")]
    private partial void LogPulled(string reference, string manifestDigest, long bytes);

    [LoggerMessage(LogLevel.Warning, "{Reference} is served as {ManifestDigest} from the cache, because the registry did not answer: {Error}")]
    private partial void LogServedFromCache(string reference, string manifestDigest, string error);
}
