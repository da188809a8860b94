using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Wagi.Bindle.Errors;
using Wagi.Bindle.Invoices;
using Wagi.Bindle.References;

namespace Wagi.Bindle.Stores;

/// <summary>
/// A Bindle server (protocol specification v1): <c>GET /_i/NAME</c> is an invoice, <c>GET /_i/NAME@SHA256</c> a parcel. Asks without
/// credentials, as WAGI does.
/// </summary>
internal sealed class BindleServer(HttpClient http, Uri url, TimeSpan stallTimeout) : IBindleStore
{
    private const int MaxInvoiceSize = 4 << 20;
    private const int MaxErrorSize = 4 << 10;

    /// <summary>The URL without user name and password.</summary>
    public string Location { get; } = url.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped).TrimEnd('/');

    public async Task<string> ReadInvoiceAsync(BindleName name, CancellationToken cancellation)
    {
        using var buffer = new MemoryStream();
        await GetAsync(
            $"{name}",
            $"bindle {name}",
            async (body, progressed, token) =>
            {
                var chunk = new byte[16 << 10];
                int count;
                while ((count = await body.ReadAsync(chunk, token).ConfigureAwait(false)) > 0)
                {
                    progressed();
                    buffer.Write(chunk, 0, count);
                    if (buffer.Length > MaxInvoiceSize)
                    {
                        throw new BindleException(
                            BindleErrorKind.InvalidInvoice, $"bindle {name}: the invoice that {Location} sends is larger than {MaxInvoiceSize >> 20} MiB");
                    }
                }
            },
            cancellation).ConfigureAwait(false);
        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    public Task ReadParcelAsync(BindleName name, Label parcel, Stream destination, CancellationToken cancellation)
    {
        var subject = $"parcel '{parcel.DisplayName}' of bindle {name}";
        return GetAsync(
            $"{name}@{parcel.Sha256}",
            subject,
            (body, progressed, token) => VerifiedCopy.RunAsync(body, destination, parcel, $"{subject}, from {Location}", progressed, token),
            cancellation);
    }

    /// <summary>Asks for one thing; a server that says nothing for too long is given up.</summary>
    private async Task GetAsync(
        string what, string subject, Func<Stream, Action, CancellationToken, Task> read, CancellationToken cancellation)
    {
        using var stall = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        stall.CancelAfter(stallTimeout);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"{url.AbsoluteUri.TrimEnd('/')}/_i/{what}"));
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/toml"));
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("*/*", 0.5));
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stall.Token).ConfigureAwait(false);
            var body = await response.Content.ReadAsStreamAsync(stall.Token).ConfigureAwait(false);
            await using (body.ConfigureAwait(false))
            {
                if (response.StatusCode != HttpStatusCode.OK)
                {
                    throw Refusal(response.StatusCode, await ReadErrorAsync(body, stall.Token).ConfigureAwait(false), subject);
                }

                await read(body, () => stall.CancelAfter(stallTimeout), stall.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException error) when (!cancellation.IsCancellationRequested)
        {
            throw new BindleException(
                BindleErrorKind.Unreachable, $"{subject}: {Location} said nothing for {stallTimeout.TotalSeconds:0} s", error);
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            throw new BindleException(
                BindleErrorKind.Unreachable, $"{subject}: {Location} cannot be reached: {error.GetBaseException().Message}", error);
        }
    }

    private BindleException Refusal(HttpStatusCode status, string? error, string subject)
    {
        var said = error is null ? "" : $" ({error})";
        return status switch
        {
            // An address without /v1 finds nothing at all, and that is the mistake most easily made.
            HttpStatusCode.NotFound => new BindleException(
                BindleErrorKind.NotFound,
                $"{subject}: {Location} does not have it{said}{(url.AbsolutePath == "/" ? "; the server's URL usually ends in /v1" : "")}"),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new BindleException(
                BindleErrorKind.Refused, $"{subject}: {Location} refuses it with status {(int)status}{said}"),
            _ => new BindleException(BindleErrorKind.ServerFailure, $"{subject}: {Location} answered with status {(int)status}{said}"),
        };
    }

    /// <summary>The reason that a server gives as <c>error = "…"</c>; null when it gives none.</summary>
    private static async Task<string?> ReadErrorAsync(Stream body, CancellationToken cancellation)
    {
        var buffer = new byte[MaxErrorSize];
        var count = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellation).ConfigureAwait(false);
        try
        {
            var table = TomlText.Read(Encoding.UTF8.GetString(buffer, 0, count), "");
            return table.TryGetValue("error", out var error) && error is string text
                ? new string([.. text.Select(character => char.IsControl(character) ? ' ' : character)])
                : null;
        }
        catch (BindleException)
        {
            return null;
        }
    }
}
