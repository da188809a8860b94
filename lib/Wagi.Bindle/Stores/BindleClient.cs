using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Wagi.Bindle.Errors;
using Wagi.Bindle.Invoices;
using Wagi.Bindle.References;
using Wagi.Modules.Network;
using Wagi.Modules.Toml;

namespace Wagi.Bindle.Stores;

/// <summary>Who asks a server: HTTP Basic (RFC 7617).</summary>
/// <param name="Server">The only server that is told.</param>
/// <param name="User">Without a colon.</param>
/// <param name="Password">Kept out of messages.</param>
public sealed record BindleCredentials(Uri Server, string User, string Password)
{
    /// <summary>Without the password.</summary>
    public override string ToString() => $"{User} at {Server.Host}";

    internal AuthenticationHeaderValue? For(Uri url) =>
        Uri.Compare(url, Server, UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase) == 0
            ? new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{Password}")))
            : null;
}

/// <summary>Connections to any number of Bindle servers; thread-safe, made to live as long as the process.</summary>
public sealed class BindleClient : IDisposable
{
    /// <summary>Largest parcel, in bytes.</summary>
    public const long MaxParcelSize = VerifiedCopy.MaxParcelSize;

    private readonly HttpClient _http;
    private readonly TimeSpan _stallTimeout;
    private readonly BindleCredentials? _credentials;

    /// <summary>Creates a client, which connects when the first request needs it.</summary>
    /// <param name="stallTimeout">How long a server may stay silent; null: 30 s.</param>
    /// <param name="guard">Which addresses are connected to, by redirects as well; null: all but cloud metadata.</param>
    /// <param name="credentials">For one server; null: nobody asks for any.</param>
    public BindleClient(TimeSpan? stallTimeout = null, AddressGuard? guard = null, BindleCredentials? credentials = null)
    {
        _credentials = credentials;
        _stallTimeout = stallTimeout ?? TimeSpan.FromSeconds(30);
        var handler = new SocketsHttpHandler
        {
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5), // so that changes in DNS are noticed
            ActivityHeadersPropagator = null,
        };
        (guard ?? new AddressGuard(new AddressRules())).Protect(handler);
        _http = new HttpClient(handler)
        {
            Timeout = Timeout.InfiniteTimeSpan,
            DefaultRequestVersion = HttpVersion.Version11,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionOrHigher,
        };
    }

    /// <summary>
    /// Reads the URL of a server: <c>http</c> or <c>https</c>, with the version of the protocol in its path, as in
    /// <c>http://localhost:8080/v1</c>.
    /// </summary>
    /// <returns>The URL; null when the text is not one.</returns>
    public static Uri? ParseServer(string? text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url)
        && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps)
        && url.Query.Length == 0 && url.Fragment.Length == 0
            ? url
            : null;

    /// <summary>The server at a URL.</summary>
    public IBindleStore Server(Uri url)
    {
        ArgumentNullException.ThrowIfNull(url);
        return new BindleServer(_http, url, _stallTimeout, _credentials?.For(url));
    }

    /// <summary>Closes all connections.</summary>
    public void Dispose() => _http.Dispose();
}

/// <summary>
/// A Bindle server (protocol specification v1): <c>GET /_i/NAME</c> is an invoice, <c>GET /_i/NAME@SHA256</c> a parcel. A
/// redirect to elsewhere takes no credentials along.
/// </summary>
internal sealed class BindleServer(HttpClient http, Uri url, TimeSpan stallTimeout, AuthenticationHeaderValue? authorization) : IBindleStore
{
    private const int MaxInvoiceSize = 4 << 20;
    private const int MaxErrorSize = 4 << 10;

    /// <summary>The URL without user name and password.</summary>
    public string Location { get; } = url.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped).TrimEnd('/');

    public async Task<string> ReadInvoiceAsync(BindleName name, CancellationToken cancellationToken)
    {
        using var buffer = new MemoryStream();
        await GetAsync(
            $"{name}",
            $"bindle {name}",
            async (body, progressed, token) =>
            {
                var chunk = new byte[16 << 10];
                int count;
                while ((count = await body.ReadAsync(chunk, token)) > 0)
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
            cancellationToken);
        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    public Task ReadParcelAsync(BindleName name, Label parcel, Stream destination, CancellationToken cancellationToken)
    {
        var subject = $"parcel '{parcel.DisplayName}' of bindle {name}";
        return GetAsync(
            $"{name}@{parcel.Sha256}",
            subject,
            (body, progressed, token) => VerifiedCopy.RunAsync(body, destination, parcel, $"{subject}, from {Location}", progressed, token),
            cancellationToken);
    }

    /// <summary>One request. A server that stays silent for too long counts as unreachable.</summary>
    private async Task GetAsync(
        string what, string subject, Func<Stream, Action, CancellationToken, Task> read, CancellationToken cancellationToken)
    {
        using var stall = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stall.CancelAfter(stallTimeout);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"{url.AbsoluteUri.TrimEnd('/')}/_i/{what}"));
            request.Headers.Authorization = authorization;
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/toml"));
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("*/*", 0.5));
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stall.Token);
            var body = await response.Content.ReadAsStreamAsync(stall.Token);
            await using (body)
            {
                if (response.StatusCode != HttpStatusCode.OK)
                {
                    throw Refusal(response.StatusCode, await ReadErrorAsync(body, stall.Token), subject);
                }

                await read(body, () => stall.CancelAfter(stallTimeout), stall.Token);
            }
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new BindleException(
                BindleErrorKind.Unreachable, $"{subject}: {Location} said nothing for {stallTimeout.TotalSeconds:0} s", exception);
        }
        catch (HttpRequestException exception) when (exception.GetBaseException() is DestinationDeniedException denied)
        {
            throw new BindleException(BindleErrorKind.Denied, $"{subject}: {denied.Message}", exception);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            throw new BindleException(
                BindleErrorKind.Unreachable, $"{subject}: {Location} cannot be reached: {exception.GetBaseException().Message}", exception);
        }
    }

    private BindleException Refusal(HttpStatusCode status, string? error, string subject)
    {
        var said = error is null ? "" : $" ({error})";
        return status switch
        {
            // An address without /v1 finds nothing at all, and that is the easiest mistake to make.
            HttpStatusCode.NotFound => new BindleException(
                BindleErrorKind.NotFound,
                $"{subject}: {Location} does not have it{said}{(url.AbsolutePath == "/" ? "; the server's URL usually ends in /v1" : "")}"),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new BindleException(
                BindleErrorKind.Refused, $"{subject}: {Location} refuses it with status {(int)status}{said}"),
            _ => new BindleException(BindleErrorKind.ServerFailure, $"{subject}: {Location} answered with status {(int)status}{said}"),
        };
    }

    /// <summary>The reason in the body, <c>error = "…"</c>; null when there is none.</summary>
    private static async Task<string?> ReadErrorAsync(Stream body, CancellationToken cancellationToken)
    {
        var buffer = new byte[MaxErrorSize];
        var count = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        try
        {
            var table = TomlTables.Read(Encoding.UTF8.GetString(buffer, 0, count), "");
            return table.TryGetValue("error", out var error) && error is string text
                ? new string([.. text.Select(character => char.IsControl(character) ? ' ' : character)])
                : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
