using System.Security.Cryptography;
using Wagi.Oci.Content;
using Wagi.Oci.Errors;

namespace Wagi.Oci.Remote;

/// <summary>
/// A blob that is being read. Its size and digest are checked as it streams, and after a broken connection it continues where it was (OCI
/// distribution spec 1.1, "Pulling blobs": Range), so that a reader never sees the same bytes twice.
/// </summary>
/// <param name="descriptor">The blob.</param>
/// <param name="subject">Full reference, for messages.</param>
/// <param name="open">Opens the blob at a byte offset.</param>
/// <param name="first">The blob, opened at its start.</param>
internal sealed class BlobStream(
    Descriptor descriptor,
    string subject,
    Func<long, CancellationToken, Task<Stream>> open,
    Stream first) : ForwardStream
{
    // Each must bring at least one byte before there is another; opening has its own attempts.
    private const int MaxResumptions = 5;

    private readonly IncrementalHash _hash = descriptor.Digest.CreateHash();
    private Stream _current = first;
    private long _received;
    private long _receivedAtResumption = -1;
    private int _resumptions;
    private bool _verified;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_verified || buffer.IsEmpty)
        {
            return 0;
        }

        while (true)
        {
            OciException broken;
            try
            {
                var count = await _current.ReadAsync(buffer, cancellationToken);
                if (count > 0)
                {
                    return Take(buffer.Span[..count]);
                }

                if (_received == descriptor.Size)
                {
                    return Finish();
                }
                // A regular end, not a broken connection: the registry has no more.
                throw new OciException(
                    OciErrorKind.DigestMismatch,
                    $"{subject}: the registry has only {_received} of the {descriptor.Size} bytes of blob {descriptor.Digest}; push it again");
            }
            catch (OciException exception) when (exception.IsTransient)
            {
                broken = exception;
            }

            if (_resumptions == MaxResumptions || _received == _receivedAtResumption)
            {
                throw broken;
            }

            _resumptions++;
            _receivedAtResumption = _received;
            await _current.DisposeAsync();
            _current = await open(_received, cancellationToken);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _current.Dispose();
            _hash.Dispose();
        }

        base.Dispose(disposing);
    }

    private int Take(ReadOnlySpan<byte> bytes)
    {
        _received += bytes.Length;
        if (_received > descriptor.Size)
        {
            throw new OciException(
                OciErrorKind.DigestMismatch,
                $"{subject}: blob {descriptor.Digest} is longer than the {descriptor.Size} bytes that its descriptor says");
        }

        _hash.AppendData(bytes);
        // Some readers stop at the size that they know and never ask for the end: verify with the last byte, not after it.
        if (_received == descriptor.Size)
        {
            Finish();
        }

        return bytes.Length;
    }

    private int Finish()
    {
        var actual = Digest.From(_hash);
        if (actual != descriptor.Digest)
        {
            throw new OciException(
                OciErrorKind.DigestMismatch,
                $"{subject}: the registry sent content with digest {actual} for blob {descriptor.Digest}; it was damaged or replaced, push it again");
        }

        _verified = true;
        return 0;
    }
}
