using System.Buffers;
using System.Security.Cryptography;
using Wagi.Bindle.Errors;
using Wagi.Bindle.Invoices;
using Wagi.Bindle.References;

namespace Wagi.Bindle.Stores;

/// <summary>A place that holds bindles: a server, or a folder of standalone bindles.</summary>
public interface IBindleStore
{
    /// <summary>Its name in messages: a URL or a path.</summary>
    string Location { get; }

    /// <summary>The invoice of a bindle, as its author wrote it.</summary>
    /// <exception cref="BindleException">It is not available.</exception>
    Task<string> ReadInvoiceAsync(BindleName name, CancellationToken cancellationToken);

    /// <summary>Writes the bytes of a parcel to <paramref name="destination"/>; use them only once the task has completed.</summary>
    /// <param name="name">A bindle that the parcel belongs to.</param>
    /// <param name="parcel">The label of the parcel.</param>
    /// <param name="destination">Takes the bytes; stays open.</param>
    /// <param name="cancellationToken">Stops the transfer.</param>
    /// <exception cref="BindleException">
    /// The parcel is not available, or its SHA-256 is not the label's: discard what was written.
    /// </exception>
    Task ReadParcelAsync(BindleName name, Label parcel, Stream destination, CancellationToken cancellationToken);
}

/// <summary>Copies a parcel and compares it with its label.</summary>
internal static class VerifiedCopy
{
    /// <summary>Largest parcel, in bytes.</summary>
    public const long MaxParcelSize = 256L << 20;

    private const int BufferSize = 64 << 10;

    /// <summary>Copies everything and checks it.</summary>
    /// <param name="source">The bytes.</param>
    /// <param name="destination">Where they go.</param>
    /// <param name="parcel">The label.</param>
    /// <param name="subject">The parcel and where it is from, for messages.</param>
    /// <param name="progressed">Called whenever bytes have arrived.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static async Task RunAsync(
        Stream source, Stream destination, Label parcel, string subject, Action progressed, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            var total = 0L;
            int count;
            while ((count = await source.ReadAsync(buffer, cancellationToken)) > 0)
            {
                progressed();
                total += count;
                if (total > MaxParcelSize)
                {
                    throw new BindleException(BindleErrorKind.InvalidInvoice, $"{subject}: it is larger than {MaxParcelSize >> 20} MiB");
                }

                hash.AppendData(buffer, 0, count);
                await destination.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        var actual = Convert.ToHexStringLower(hash.GetHashAndReset());
        if (actual != parcel.Sha256)
        {
            throw new BindleException(
                BindleErrorKind.HashMismatch, $"{subject}: its SHA-256 is {actual}, and the invoice says {parcel.Sha256}");
        }
    }
}
