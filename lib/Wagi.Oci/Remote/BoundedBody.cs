using Wagi.Oci.Errors;

namespace Wagi.Oci.Remote;

/// <summary>Reads a small body whole, never more than a limit.</summary>
internal static class BoundedBody
{
    /// <exception cref="OciException"><see cref="OciErrorKind.TooLarge"/> beyond <paramref name="limit"/> bytes.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(
        Transport transport, HttpResponseMessage response, string subject, int limit, string what, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentLength > limit) throw TooLarge(subject, limit, what);
        await using var body = await transport.BodyAsync(response, subject, cancellationToken);
        using var content = new MemoryStream();
        var buffer = new byte[16 * 1024];
        int count;
        while ((count = await body.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if (content.Length + count > limit) throw TooLarge(subject, limit, what);
            content.Write(buffer, 0, count);
        }

        return content.GetBuffer().AsMemory(0, (int)content.Length);
    }

    private static OciException TooLarge(string subject, int limit, string what) =>
        new(OciErrorKind.TooLarge, $"{subject}: the {what} is larger than {limit / 1024} KiB");
}
