using System.Net;

namespace Wagi.Bindle.Stores;

/// <summary>Connections to any number of Bindle servers; thread-safe, meant to live as long as the process.</summary>
public sealed class BindleClient : IDisposable
{
    private readonly HttpClient _http;
    private readonly TimeSpan _stallTimeout;

    /// <summary>Creates a client; connections come with the first request.</summary>
    /// <param name="stallTimeout">How long a server may say nothing; null: 30 s.</param>
    /// <param name="proxy">The proxy; null: that of the environment.</param>
    public BindleClient(TimeSpan? stallTimeout = null, IWebProxy? proxy = null)
    {
        _stallTimeout = stallTimeout ?? TimeSpan.FromSeconds(30);
        _http = new HttpClient(new SocketsHttpHandler
        {
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5), // so that changes in the DNS are seen
            Proxy = proxy ?? HttpClient.DefaultProxy,
            ActivityHeadersPropagator = null,
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
            DefaultRequestVersion = HttpVersion.Version11,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionOrHigher,
        };
    }

    /// <summary>Reads the URL of a server: <c>http</c> or <c>https</c>, with the version of the protocol in its path, as in <c>http://localhost:8080/v1</c>.</summary>
    /// <returns>The URL, or null when the text is none.</returns>
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
        return new BindleServer(_http, url, _stallTimeout);
    }

    /// <summary>Closes all connections.</summary>
    public void Dispose() => _http.Dispose();
}
