using System.Net;
using System.Net.Http.Headers;
using Wagi.Oci.Content;
using Wagi.Oci.Errors;

namespace Wagi.Oci.Remote;

/// <summary>One attempt to push a blob or a manifest (OCI distribution spec 1.1, "Pushing blobs" and "Pushing manifests").</summary>
internal sealed class Upload(RepositoryConnection connection)
{
    /// <summary>Pushes a blob in one piece, unless it is there already: then false.</summary>
    public async Task<bool> BlobAsync(Descriptor descriptor, Func<Stream> open, CancellationToken cancellationToken)
    {
        var (head, _) = await connection.SendAsync(connection.Request(HttpMethod.Head, $"blobs/{descriptor.Digest}"), RepositoryConnection.Push, cancellationToken);
        using (head)
        {
            if (head.StatusCode == HttpStatusCode.OK)
            {
                return false;
            }
        }

        var start = connection.Request(HttpMethod.Post, "blobs/uploads/") with { Content = _ => new ByteArrayContent([]) };
        var (session, withCredential) = await connection.SendAsync(start, RepositoryConnection.Push, cancellationToken);
        Uri location;
        using (session)
        {
            if (session.StatusCode != HttpStatusCode.Accepted)
            {
                throw await connection.ErrorAsync(session, withCredential, connection.MissingRepository, cancellationToken);
            }

            location = UploadLocation(session, descriptor.Digest);
        }

        var upload = connection.Request(HttpMethod.Put, "") with
        {
            Uri = location,
            Content = progress => new UploadContent(open, descriptor.Size, "application/octet-stream", progress),
        };
        var (done, doneWithCredential) = await connection.SendAsync(upload, RepositoryConnection.Push, cancellationToken);
        using (done)
        {
            if (done.StatusCode != HttpStatusCode.Created)
            {
                throw await connection.ErrorAsync(done, doneWithCredential, "the upload session was lost", cancellationToken);
            }
        }

        return true;
    }

    private Uri UploadLocation(HttpResponseMessage session, Digest digest)
    {
        if (session.Headers.Location is not { } location)
        {
            throw new OciException(OciErrorKind.Protocol, $"{connection.Reference}: the registry accepts an upload but names no Location for it");
        }

        var absolute = new UriBuilder(new Uri(connection.Base, location));
        // Registries behind a TLS proxy often do not know it: keep the scheme.
        if (absolute.Host == connection.Base.Host && absolute.Scheme != connection.Base.Scheme)
        {
            absolute.Scheme = connection.Base.Scheme;
            absolute.Port = connection.Base.Port;
        }

        // Content and possibly credentials go there.
        if (absolute.Host != connection.Base.Host && absolute.Scheme != Uri.UriSchemeHttps && !connection.Transport.Endpoint.MayBePlain(absolute.Uri))
        {
            throw new OciException(OciErrorKind.Protocol, $"{connection.Reference}: the registry wants the upload at {Transport.Display(absolute.Uri)}, which is not HTTPS");
        }

        absolute.Query = absolute.Query.Length > 1 ? $"{absolute.Query[1..]}&digest={digest}" : $"digest={digest}";
        return absolute.Uri;
    }

    /// <summary>Pushes a manifest under the tag, or under its digest if there is no tag.</summary>
    public async Task<Descriptor> ManifestAsync(ReadOnlyMemory<byte> content, string mediaType, CancellationToken cancellationToken)
    {
        var digest = Digest.Compute(content.Span);
        var request = connection.Request(HttpMethod.Put, $"manifests/{connection.Reference.Tag ?? digest.ToString()}") with
        {
            Content = progress => new UploadContent(() => new MemoryStream(content.ToArray(), writable: false), content.Length, mediaType, progress),
        };
        var (response, withCredential) = await connection.SendAsync(request, RepositoryConnection.Push, cancellationToken);
        using (response)
        {
            if (response.StatusCode != HttpStatusCode.Created)
            {
                throw await connection.ErrorAsync(response, withCredential, connection.MissingRepository, cancellationToken);
            }
        }

        return new Descriptor { MediaType = mediaType, Digest = digest, Size = content.Length };
    }
}

/// <summary>A body from a stream. It reports its progress, so that a long upload is not mistaken for a stalled one.</summary>
internal sealed class UploadContent : HttpContent
{
    private const int ChunkSize = 80 * 1024;

    private readonly Func<Stream> _open;
    private readonly long _size;
    private readonly Action _progress;

    public UploadContent(Func<Stream> open, long size, string mediaType, Action progress)
    {
        _open = open;
        _size = size;
        _progress = progress;
        Headers.ContentType = new MediaTypeHeaderValue(mediaType);
        Headers.ContentLength = size;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await using var source = _open();
        var buffer = new byte[ChunkSize];
        int count;
        while ((count = await source.ReadAsync(buffer, cancellationToken)) > 0)
        {
            await stream.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
            _progress();
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _size;
        return true;
    }
}
