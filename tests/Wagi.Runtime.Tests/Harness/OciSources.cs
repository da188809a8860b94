using Microsoft.Extensions.Logging.Abstractions;
using Wagi.Oci.Remote;
using Wagi.Oci.Signatures;
using Wagi.Runtime.Cache;
using Wagi.Runtime.Progress;
using Wagi.Runtime.Sources;

namespace Wagi.Runtime.Tests.Harness;

/// <summary>Sources of modules from registries, each with all that it stands on.</summary>
internal static class OciSources
{
    /// <param name="folder">The cache, which may be there from another source.</param>
    /// <param name="client">Speaks to the registries; stays the caller's.</param>
    public static OciSource Create(string folder, RegistryClient client)
    {
        var cache = new CacheDirectory(folder);
        cache.Prepare();
        var grants = new BlobGrants(cache, NullLogger<BlobGrants>.Instance);
        return new OciSource(
            client,
            new BlobCache(cache, NullLogger<BlobCache>.Instance),
            grants,
            new ReferenceCache(cache, NullLogger<ReferenceCache>.Instance),
            new SignatureCheck(new SignatureVerifier(client), grants, NullLogger<SignatureCheck>.Instance),
            new FileFolders(cache, NullLogger<FileFolders>.Instance),
            ProgressDisplay.None,
            NullLogger<OciSource>.Instance);
    }
}
