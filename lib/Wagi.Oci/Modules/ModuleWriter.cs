using System.Security.Cryptography;
using Wagi.Oci.Content;
using Wagi.Oci.Errors;

namespace Wagi.Oci.Modules;

/// <summary>Writes a Wasm binary to its destination: checks the magic first, then counts and hashes the bytes.</summary>
internal sealed class ModuleWriter(Stream destination, long maxSize, string subject)
{
    private const int ChunkSize = 80 * 1024;

    /// <summary>Copies <paramref name="source"/> to its end.</summary>
    /// <param name="source">The content.</param>
    /// <param name="what">What the content is, for messages: a media type, a path.</param>
    /// <param name="cancellationToken">Ends the copy.</param>
    /// <exception cref="OciException"><see cref="OciErrorKind.UnsupportedArtifact"/> before anything is written if it is not Wasm;
    /// <see cref="OciErrorKind.TooLarge"/>.</exception>
    public async Task<(Digest Digest, long Size)> CopyAsync(Stream source, string what, CancellationToken cancellationToken)
    {
        var buffer = new byte[ChunkSize];
        var count = await source.ReadAtLeastAsync(buffer, WasmBinary.PreambleSize, throwOnEndOfStream: false, cancellationToken);
        if (!WasmBinary.IsWasm(buffer.AsSpan(0, count)))
        {
            var found = count == 0 ? "is empty" : $"begins with {Convert.ToHexStringLower(buffer.AsSpan(0, Math.Min(count, 4)))} instead of 0061736d (\\0asm)";
            // If the content is damaged, the end of the blob says so, which is the better answer.
            await DrainAsync(source, cancellationToken);
            throw new OciException(
                OciErrorKind.UnsupportedArtifact,
                $"{subject}: {what} is not a Wasm binary: it {found}");
        }

        var code = new CodeSearch();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long size = 0;
        for (; count > 0; count = await source.ReadAsync(buffer, cancellationToken))
        {
            size += count;
            if (size > maxSize)
            {
                throw TooLarge(subject, what, maxSize);
            }

            hash.AppendData(buffer, 0, count);
            code.Read(buffer.AsSpan(0, count));
            await destination.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
        }

        return code.IsTypesOnly
            ? throw new OciException(OciErrorKind.UnsupportedArtifact, $"{subject}: {what} {CodeSearch.Refusal}")
            : (Digest.From(hash), size);
    }

    private static async Task DrainAsync(Stream source, CancellationToken cancellationToken)
    {
        var buffer = new byte[ChunkSize];
        while (await source.ReadAsync(buffer, cancellationToken) > 0)
        {
        }
    }

    public static OciException TooLarge(string subject, string what, long limit) => new(
        OciErrorKind.TooLarge,
        $"{subject}: {what} is larger than the limit of {limit} bytes; make the module smaller or raise the limit");
}
