using System.Buffers;
using System.Security.Cryptography;
using Wagi.Bindle.Errors;
using Wagi.Bindle.Invoices;

namespace Wagi.Bindle.Stores;

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
    /// <param name="progressed">Called whenever some bytes have come.</param>
    /// <param name="cancellation">Stops it.</param>
    public static async Task RunAsync(
        Stream source, Stream destination, Label parcel, string subject, Action progressed, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            var total = 0L;
            int count;
            while ((count = await source.ReadAsync(buffer, cancellation).ConfigureAwait(false)) > 0)
            {
                progressed();
                total += count;
                if (total > MaxParcelSize)
                {
                    throw new BindleException(BindleErrorKind.InvalidInvoice, $"{subject}: it is larger than {MaxParcelSize >> 20} MiB");
                }

                hash.AppendData(buffer, 0, count);
                await destination.WriteAsync(buffer.AsMemory(0, count), cancellation).ConfigureAwait(false);
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
