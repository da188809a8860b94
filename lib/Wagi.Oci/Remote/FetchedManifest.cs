using System.Text.Json;
using Wagi.Oci.Content;
using Wagi.Oci.Errors;

namespace Wagi.Oci.Remote;

/// <summary>A manifest or index as the registry sent it, digest verified.</summary>
/// <param name="Descriptor">Media type, digest and size.</param>
/// <param name="Content">The exact bytes.</param>
/// <param name="Subject">Full reference, for messages.</param>
public sealed record FetchedManifest(Descriptor Descriptor, ReadOnlyMemory<byte> Content, string Subject)
{
    /// <summary>Whether this lists manifests of several platforms.</summary>
    public bool IsIndex => MediaTypes.IsIndex(Descriptor.MediaType);

    /// <summary>Reads it as a manifest.</summary>
    /// <exception cref="OciException"><see cref="OciErrorKind.Protocol"/> if it is none.</exception>
    public Manifest ReadManifest() => Read(() => JsonSerializer.Deserialize(Content.Span, ContentJsonContext.Default.Manifest));

    /// <summary>Reads it as an index.</summary>
    /// <exception cref="OciException"><see cref="OciErrorKind.Protocol"/> if it is none.</exception>
    public ImageIndex ReadIndex() => Read(() => JsonSerializer.Deserialize(Content.Span, ContentJsonContext.Default.ImageIndex));

    private T Read<T>(Func<T?> read)
        where T : class
    {
        try
        {
            return read() ?? throw new JsonException("it is null");
        }
        catch (JsonException exception)
        {
            throw new OciException(
                OciErrorKind.Protocol,
                $"{Subject}: the document of type {Descriptor.MediaType} cannot be read: {exception.Message}",
                innerException: exception);
        }
    }
}
