using System.Net;
using Wagi.Oci.Content;
using Wagi.Oci.Errors;
using Wagi.Oci.References;

namespace Wagi.Oci.Remote;

/// <summary>
/// One repository of a registry (OCI distribution spec 1.1). Everything that arrives is checked against its digest and size; what fails for a
/// transient reason is tried again a few times. All methods throw <see cref="OciException"/>.
/// </summary>
public sealed class Repository
{
    /// <summary>The largest manifest to read, in bytes: what registries have to accept, 4 MiB.</summary>
    public const int MaxManifestSize = 4 * 1024 * 1024;

    private static readonly string[] ManifestTypes =
        [MediaTypes.ImageManifest, MediaTypes.ImageIndex, MediaTypes.DockerManifest, MediaTypes.DockerManifestList];

    // With a filter there is one page, or few; somebody else's registry may send them without end.
    private const int MaxReferrerPages = 8;

    private readonly RepositoryConnection _connection;
    private readonly Upload _upload;
    private readonly Retry _retry;

    internal Repository(RepositoryConnection connection, Retry retry)
    {
        _connection = connection;
        _upload = new Upload(connection);
        _retry = retry;
    }

    /// <summary>The reference that names it.</summary>
    public Reference Reference => _connection.Reference;

    /// <summary>
    /// Asks which manifest the reference means. That takes one HEAD request and transfers no content, unless the registry gives no digest.
    /// </summary>
    public Task<Descriptor> ResolveAsync(CancellationToken cancellationToken = default) =>
        _retry.RunAsync(ResolveOnceAsync, cancellationToken);

    /// <summary>Fetches the manifest or index that the reference means.</summary>
    public Task<FetchedManifest> FetchManifestAsync(CancellationToken cancellationToken = default) =>
        _retry.RunAsync(token => FetchManifestOnceAsync(Reference, token), cancellationToken);

    /// <summary>Fetches the manifest or index with this digest, such as an entry of an index.</summary>
    public Task<FetchedManifest> FetchManifestAsync(Digest digest, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(digest);
        return _retry.RunAsync(token => FetchManifestOnceAsync(Reference.WithDigest(digest), token), cancellationToken);
    }

    /// <summary>Fetches the manifest or index with another tag of this repository; null if there is none.</summary>
    public Task<FetchedManifest?> FindManifestAsync(string tag, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(tag);
        return _retry.RunAsync(
            async token =>
            {
                try
                {
                    return await FetchManifestOnceAsync(Reference.WithTag(tag), token);
                }
                catch (OciException exception) when (exception.Kind == OciErrorKind.NotFound)
                {
                    return null;
                }
            },
            cancellationToken);
    }

    /// <summary>
    /// The manifests that name this one as their subject (OCI distribution spec 1.1, "Listing Referrers"), or what the referrers tag lists where
    /// the registry has no such interface ("Referrers Tag Schema"). Not all registries filter, and the tag lists everything.
    /// </summary>
    /// <param name="subject">The manifest.</param>
    /// <param name="artifactType">Which ones the registry is asked for.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    public async Task<IReadOnlyList<Descriptor>> FindReferrersAsync(Digest subject, string artifactType, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(subject);
        ArgumentException.ThrowIfNullOrEmpty(artifactType);
        var found = new List<Descriptor>();
        var next = _connection.Request(HttpMethod.Get, $"referrers/{subject}?artifactType={Uri.EscapeDataString(artifactType)}") with { Accept = [MediaTypes.ImageIndex] };
        for (var page = 0; next is not null && page < MaxReferrerPages; page++)
        {
            var request = next;
            if (await _retry.RunAsync(token => FetchReferrersOnceAsync(request, token), cancellationToken) is not { } answer)
            {
                var tagged = await FindManifestAsync(subject.ToTag(), cancellationToken);
                return tagged is { IsIndex: true } ? tagged.ReadIndex().Manifests : [];
            }

            found.AddRange(answer.Referrers);
            next = answer.Next is null ? null : request with { Uri = answer.Next };
        }

        return found;
    }

    /// <summary>
    /// Opens a blob for asynchronous reading. Reading continues where a connection broke, and the end verifies size and digest: rely on nothing
    /// that was read before the end is reached.
    /// </summary>
    public async Task<Stream> FetchBlobAsync(Descriptor descriptor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        var first = await OpenBlobAsync(descriptor, 0, cancellationToken);
        return new BlobStream(descriptor, Reference.ToString(), (from, token) => OpenBlobAsync(descriptor, from, token), first);
    }

    /// <summary>
    /// Asks whether the registry lets these credentials read a blob of this repository, which takes one HEAD request. False also when it
    /// refuses that request for another reason: <see cref="FetchBlobAsync"/> tells why.
    /// </summary>
    public Task<bool> HasBlobAsync(Descriptor descriptor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        return _retry.RunAsync(
            async token =>
            {
                var request = _connection.Request(HttpMethod.Head, $"blobs/{descriptor.Digest}");
                var (response, _) = await _connection.SendAsync(request, RepositoryConnection.Pull, token);
                using (response)
                {
                    return response.StatusCode == HttpStatusCode.OK;
                }
            },
            cancellationToken);
    }

    /// <summary>Uploads a blob, unless the repository already has it.</summary>
    /// <param name="descriptor">Digest and size of the content.</param>
    /// <param name="open">Opens the content at its start: called once for each attempt, which disposes the stream.</param>
    /// <param name="cancellationToken">Ends the upload.</param>
    /// <returns>False if the repository already had the blob.</returns>
    public Task<bool> PushBlobAsync(Descriptor descriptor, Func<Stream> open, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        ArgumentNullException.ThrowIfNull(open);
        return _retry.RunAsync(token => _upload.BlobAsync(descriptor, open, token), cancellationToken);
    }

    /// <summary>Uploads a manifest under the reference's tag, or under its digest if there is no tag.</summary>
    public Task<Descriptor> PushManifestAsync(ReadOnlyMemory<byte> content, string mediaType, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(mediaType);
        return _retry.RunAsync(token => _upload.ManifestAsync(content, mediaType, token), cancellationToken);
    }

    private async Task<Descriptor> ResolveOnceAsync(CancellationToken cancellationToken)
    {
        var request = _connection.Request(HttpMethod.Head, $"manifests/{Reference.Target}") with { Accept = ManifestTypes };
        var (response, withCredential) = await _connection.SendAsync(request, RepositoryConnection.Pull, cancellationToken);
        using (response)
        {
            // The answer to HEAD has no body that says what is wrong. For the other statuses GET is asked below.
            if (response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.TooManyRequests || (int)response.StatusCode >= 500)
            {
                throw await _connection.ErrorAsync(response, withCredential, "", cancellationToken);
            }

            if (response.StatusCode == HttpStatusCode.OK
                && response.Headers.TryGetValues("Docker-Content-Digest", out var values)
                && Digest.TryParse(values.FirstOrDefault(), out var digest, out _)
                && response.Content.Headers.ContentType?.MediaType is { } mediaType
                && response.Content.Headers.ContentLength is { } size
                && (Reference.Digest is null || Reference.Digest == digest))
            {
                return new Descriptor { MediaType = mediaType, Digest = digest, Size = size };
            }
        }

        return (await FetchManifestOnceAsync(Reference, cancellationToken)).Descriptor;
    }

    /// <returns>Null when the registry does not have this interface. What it refuses here for another reason, it refuses for the tag as well.</returns>
    private async Task<(IReadOnlyList<Descriptor> Referrers, Uri? Next)?> FetchReferrersOnceAsync(RegistryRequest request, CancellationToken cancellationToken)
    {
        var (response, withCredential) = await _connection.SendAsync(request, RepositoryConnection.Pull, cancellationToken);
        using (response)
        {
            if (response.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests || (int)response.StatusCode >= 500)
            {
                throw await _connection.ErrorAsync(response, withCredential, "", cancellationToken);
            }

            if (response.StatusCode != HttpStatusCode.OK || response.Content.Headers.ContentType?.MediaType != MediaTypes.ImageIndex)
            {
                return null;
            }

            var content = await BoundedBody.ReadAsync(_connection.Transport, response, request.Subject, MaxManifestSize, "list of referrers", cancellationToken);
            var descriptor = new Descriptor { MediaType = MediaTypes.ImageIndex, Digest = Digest.Compute(content.Span), Size = content.Length };
            return (new FetchedManifest(descriptor, content, request.Subject).ReadIndex().Manifests, NextPage(request.Uri, response));
        }
    }

    /// <summary>The target of <c>Link: &lt;…&gt;; rel="next"</c> (RFC 8288 §3), on the same server only.</summary>
    private static Uri? NextPage(Uri page, HttpResponseMessage response)
    {
        var link = response.Headers.TryGetValues("Link", out var values) ? values.FirstOrDefault() ?? "" : "";
        var end = link.IndexOf('>', StringComparison.Ordinal);
        return link.StartsWith('<') && end > 0 && link.Contains("next", StringComparison.Ordinal)
            && Uri.TryCreate(page, link[1..end], out var next) && next.Scheme == page.Scheme && next.Authority == page.Authority
            ? next
            : null;
    }

    private async Task<FetchedManifest> FetchManifestOnceAsync(Reference reference, CancellationToken cancellationToken)
    {
        var subject = reference.ToString();
        var request = _connection.Request(HttpMethod.Get, $"manifests/{reference.Target}") with { Accept = ManifestTypes, Subject = subject };
        var (response, withCredential) = await _connection.SendAsync(request, RepositoryConnection.Pull, cancellationToken);
        using (response)
        {
            if (response.StatusCode == HttpStatusCode.NotFound)
            {
                throw await MissingManifestAsync(reference, response, withCredential, cancellationToken);
            }

            if (response.StatusCode != HttpStatusCode.OK)
            {
                throw await _connection.ErrorAsync(response, withCredential, "", cancellationToken);
            }

            // A login page, or whatever else answers in the place of a registry: its digest would pass for the tag's.
            if (response.Content.Headers.ContentType?.MediaType is "text/html" or "application/xhtml+xml")
            {
                throw new OciException(
                    OciErrorKind.Protocol,
                    $"{subject}: what answers at '{reference.Registry}' sent a web page instead of a manifest; check host and port, and whether a proxy or a login page is in between");
            }

            var content = await BoundedBody.ReadAsync(_connection.Transport, response, subject, MaxManifestSize, "manifest", cancellationToken);
            var digest = reference.Digest ?? DigestHeader(response) ?? Digest.Compute(content.Span);
            if (!digest.Matches(content.Span))
            {
                throw new OciException(
                    OciErrorKind.DigestMismatch,
                    $"{subject}: the registry sent a manifest with digest {Digest.Compute(content.Span)} instead of {digest}; it was damaged or replaced, push it again");
            }

            var mediaType = response.Content.Headers.ContentType?.MediaType ?? "";
            return new FetchedManifest(new Descriptor { MediaType = mediaType, Digest = digest, Size = content.Length }, content, subject);
        }
    }

    private static Digest? DigestHeader(HttpResponseMessage response) =>
        response.Headers.TryGetValues("Docker-Content-Digest", out var values) && Digest.TryParse(values.FirstOrDefault(), out var digest, out _)
            ? digest
            : null;

    private Task<Stream> OpenBlobAsync(Descriptor descriptor, long from, CancellationToken cancellationToken) =>
        _retry.RunAsync(
            async token =>
            {
                var request = _connection.Request(HttpMethod.Get, $"blobs/{descriptor.Digest}") with { From = from };
                var (response, withCredential) = await _connection.SendAsync(request, RepositoryConnection.Pull, token);
                try
                {
                    if (response.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.PartialContent))
                    {
                        throw await _connection.ErrorAsync(response, withCredential, MissingBlob(descriptor), token);
                    }

                    var body = await _connection.Transport.BodyAsync(response, request.Subject, token);
                    await SkipAsync(body, from - Start(response), request.Subject, token);
                    return body;
                }
                catch
                {
                    response.Dispose();
                    throw;
                }
            },
            cancellationToken);

    // A registry may answer a request for a range with everything.
    private static long Start(HttpResponseMessage response) =>
        response.StatusCode == HttpStatusCode.PartialContent ? response.Content.Headers.ContentRange?.From ?? 0 : 0;

    private static async Task SkipAsync(Stream body, long count, string subject, CancellationToken cancellationToken)
    {
        if (count < 0)
        {
            throw new OciException(OciErrorKind.Protocol, $"{subject}: the registry sent another range than the one asked for");
        }

        var buffer = new byte[16 * 1024];
        while (count > 0)
        {
            var read = await body.ReadAsync(buffer.AsMemory(0, (int)Math.Min(count, buffer.Length)), cancellationToken);
            if (read == 0)
            {
                return;
            }

            count -= read;
        }
    }

    private string MissingBlob(Descriptor descriptor) =>
        $"blob {descriptor.Digest} is missing in repository '{Reference.Repository}' of registry '{Reference.Registry}', although the manifest names it; push the artifact again";

    private async Task<OciException> MissingManifestAsync(
        Reference reference, HttpResponseMessage response, bool withCredential, CancellationToken cancellationToken)
    {
        var error = await ErrorResponse.ReadAsync(_connection.Transport, response, reference.ToString(), cancellationToken);
        var known = error.Code != "NAME_UNKNOWN" && await RepositoryExistsAsync(cancellationToken);
        var what = reference.Digest is null ? $"tag '{reference.Tag}'" : $"manifest {reference.Digest}";
        return error.ToException(
            reference.ToString(),
            reference.Registry,
            withCredential,
            known
                ? $"{what} does not exist in repository '{reference.Repository}' of registry '{reference.Registry}'; check it, or push it"
                : _connection.MissingRepository);
    }

    /// <summary>Many registries call a manifest unknown when its repository does not exist; the list of tags tells which it is.</summary>
    private async Task<bool> RepositoryExistsAsync(CancellationToken cancellationToken)
    {
        try
        {
            var (response, _) = await _connection.SendAsync(_connection.Request(HttpMethod.Get, "tags/list?n=1"), RepositoryConnection.Pull, cancellationToken);
            using (response)
            {
                return response.StatusCode != HttpStatusCode.NotFound;
            }
        }
        catch (OciException)
        {
            return true;
        }
    }
}
