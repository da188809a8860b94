using System.Security.Cryptography;
using System.Text;
using Wagi.Hosting.Files;
using Wagi.Oci.References;

namespace Wagi.Runtime.Cache;

/// <summary>
/// Remembers who may use which cached blob, and who signed which manifest: <c>references/&lt;hex&gt;.grant</c>. A digest is no password, for it stands in manifests, logs and
/// status; so whoever names one gets the cached blob only after the bytes came to him from a registry, with his own credentials. Kept
/// like everything in the cache, so that a restart needs no registry.
/// </summary>
internal sealed partial class BlobGrants(CacheDirectory directory, ILogger<BlobGrants> logger)
{
    /// <summary>The owner of a key, whose signature of a manifest was verified.</summary>
    /// <param name="key">The public key.</param>
    public static string Signer(string key) => $"signer {key}";

    /// <summary>
    /// Whether a tenant may have a cached blob. A registry is believed only about what came from it before: anyone can run one that claims
    /// to have a blob, and push a manifest that names it.
    /// </summary>
    /// <param name="tenant">The modules of one namespace; see <see cref="Modules.Configuration.ModuleEntry.Tenant"/>.</param>
    /// <param name="reference">In the repository that names it.</param>
    /// <param name="digest">Of the blob.</param>
    /// <param name="mayRead">Asks the registry whether it lets the tenant's credentials read the blob.</param>
    public async Task<bool> MayUseAsync(string tenant, Reference reference, string digest, Func<Task<bool>> mayRead) =>
        Has(Tenant(tenant), digest) || (Has(Repository(reference), digest) && await mayRead());

    /// <summary>A tenant may have a blob from now on; whom its repository lets read it may, too, when it came from there just now.</summary>
    public async Task AddAsync(string tenant, Reference reference, string digest, bool isPulled, CancellationToken cancellationToken)
    {
        if (isPulled)
        {
            await AddAsync(Repository(reference), digest, cancellationToken);
        }

        await AddAsync(Tenant(tenant), digest, cancellationToken);
    }

    /// <summary>Whether a holder has been granted a blob.</summary>
    public bool Has(string holder, string digest)
    {
        var path = PathFor(holder, digest);
        if (!File.Exists(path))
        {
            return false;
        }

        CacheDirectory.Touch(path);
        return true;
    }

    /// <summary>Grants it. A cache that cannot be written to costs another pull, and nothing else.</summary>
    public async Task AddAsync(string holder, string digest, CancellationToken cancellationToken)
    {
        var path = PathFor(holder, digest);
        if (File.Exists(path))
        {
            return;
        }

        try
        {
            await AtomicFile.WriteAsync(path, Encoding.UTF8.GetBytes($"{holder}\n{digest}\n"), cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogGrantNotStored(path, exception.Message);
        }
    }

    private static string Tenant(string tenant) => $"tenant {tenant}";

    private static string Repository(Reference reference) => $"repository {reference.Registry}/{reference.Repository}";

    private string PathFor(string holder, string digest) => Path.Combine(
        directory.References, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{holder}\n{digest}"))) + ".grant");

    [LoggerMessage(LogLevel.Warning, "Cache record {Path} could not be written: {Error}")]
    private partial void LogGrantNotStored(string path, string error);
}
