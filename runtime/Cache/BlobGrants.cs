using System.Security.Cryptography;
using System.Text;
using Wagi.Hosting.Files;

namespace Wagi.Runtime.Cache;

/// <summary>
/// Remembers who may use which cached blob, and who signed which manifest: <c>references/&lt;hex&gt;.grant</c>. A digest is no password, for it stands in manifests, logs and
/// status; so whoever names one gets the cached blob only after the bytes came to him from a registry, with his own credentials. Kept
/// like everything in the cache, so that a restart needs no registry.
/// </summary>
internal sealed partial class BlobGrants(CacheDirectory directory, ILogger<BlobGrants> logger)
{
    /// <summary>The modules of one namespace; see <see cref="Modules.Configuration.ModuleEntry.Tenant"/>.</summary>
    public static string Tenant(string tenant) => $"tenant {tenant}";

    /// <summary>A repository that the blob was pulled from: whom it lets read the blob may have it from the cache.</summary>
    /// <param name="name">Registry and repository.</param>
    public static string Repository(string name) => $"repository {name}";

    /// <summary>The owner of a key, whose signature of a manifest was verified.</summary>
    /// <param name="key">The public key.</param>
    public static string Signer(string key) => $"signer {key}";

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

    private string PathFor(string holder, string digest) => Path.Combine(
        directory.References, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{holder}\n{digest}"))) + ".grant");

    [LoggerMessage(LogLevel.Warning, "Cache record {Path} could not be written: {Error}")]
    private partial void LogGrantNotStored(string path, string error);
}
