using Wagi.Bindle.Errors;
using Wagi.Bindle.Invoices;
using Wagi.Bindle.References;
using Wagi.Bindle.Stores;
using Wagi.Modules.Status;
using Wagi.Runtime.Cache;
using Wagi.Runtime.Progress;

namespace Wagi.Runtime.Sources;

/// <summary>Fetches parcels once, verifies them, and keeps them in the node-local cache by their hash.</summary>
internal sealed partial class BindleParcels(BlobCache blobs, ProgressDisplay progress, ILogger<BindleParcels> logger)
{
    /// <summary>The digest of a parcel: <c>sha256:…</c>.</summary>
    public static string DigestOf(Label parcel) => "sha256:" + parcel.Sha256;

    /// <summary>A parcel from the cache, or from where the bindle is kept: open at its start.</summary>
    /// <param name="tenant">Whose it is.</param>
    /// <param name="store">Where the bindle is kept.</param>
    /// <param name="bindle">The bindle.</param>
    /// <param name="parcel">The parcel.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="ModuleSourceException">It is not available.</exception>
    public async Task<Stream> OpenAsync(string tenant, IBindleStore store, BindleName bindle, Label parcel, CancellationToken cancellationToken) =>
        await blobs.TryOpenAsync(DigestOf(parcel), cancellationToken) ?? await FetchAsync(tenant, store, bindle, parcel, cancellationToken);

    /// <summary>A parcel from where the bindle is kept, even when the cache has it.</summary>
    /// <param name="tenant">Whose it is.</param>
    /// <param name="store">Where the bindle is kept.</param>
    /// <param name="bindle">The bindle.</param>
    /// <param name="parcel">The parcel.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="ModuleSourceException">It is not available.</exception>
    public async Task<Stream> FetchAsync(string tenant, IBindleStore store, BindleName bindle, Label parcel, CancellationToken cancellationToken)
    {
        LogParcelPulling(parcel.DisplayName, bindle, store.Location);
        using var item = progress.Begin($"pulling {parcel.DisplayName} of {bindle}", parcel.Size);
        try
        {
            var (_, bytes) = await blobs.ReceiveAsync(
                tenant,
                parcel.Size ?? BindleClient.MaxParcelSize,
                async (target, token) =>
                {
                    await store.ReadParcelAsync(bindle, parcel, item.Count(target), token);
                    return DigestOf(parcel);
                },
                cancellationToken);
            LogParcelPulled(parcel.DisplayName, bindle, bytes.Length);
            return bytes;
        }
        catch (BindleException exception)
        {
            throw Translate(exception);
        }
        catch (ArrivalException exception)
        {
            throw new ModuleSourceException(ModuleReason.PullFailed, $"parcel '{parcel.DisplayName}' of bindle {bindle}: {exception.Message}", exception);
        }
    }

    /// <summary>The same failure in the words of <c>/status</c>.</summary>
    public static ModuleSourceException Translate(BindleException exception)
    {
        var reason = exception.Kind switch
        {
            BindleErrorKind.Unreachable => ModuleReason.RegistryUnreachable,
            BindleErrorKind.NotFound => ModuleReason.NotFound,
            BindleErrorKind.Refused => ModuleReason.Unauthorized,
            BindleErrorKind.HashMismatch => ModuleReason.DigestMismatch,
            _ => ModuleReason.PullFailed,
        };
        return new ModuleSourceException(reason, exception.Message, exception);
    }

    [LoggerMessage(LogLevel.Information, "Pulling parcel {Parcel} of bindle {Bindle} from {Location}")]
    private partial void LogParcelPulling(string parcel, BindleName bindle, string location);

    [LoggerMessage(LogLevel.Information, "Pulled parcel {Parcel} of bindle {Bindle}: {Bytes} bytes")]
    private partial void LogParcelPulled(string parcel, BindleName bindle, long bytes);
}
