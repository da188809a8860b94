using System.Collections.Immutable;
using System.Net.Security;
using System.Text;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Outbound;

namespace Wagi.Runtime.Serving;

/// <summary>A request that a person wrote, to be sent to a server of this process, so that the answer is what a client sees.</summary>
internal sealed record OwnRequest
{
    /// <summary>The <c>Host</c> of a request that names none.</summary>
    public const string DefaultHost = "localhost";

    /// <summary>A body of more bytes is sent when the server wants it, as curl does: the answer of one that does not would get lost.</summary>
    private const int LargeBody = 1 << 20;

    /// <summary>Its method.</summary>
    public required string Method { get; init; }

    /// <summary>Path and query, percent-encoded.</summary>
    public required string Target { get; init; }

    /// <summary>Its headers, in their order. Without a <c>Host</c> it is <see cref="DefaultHost"/>.</summary>
    public ImmutableArray<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>Its body; null: there is none.</summary>
    public byte[]? Body { get; init; }

    /// <summary>Whether requests may have a method. CONNECT is none for a server that is no proxy.</summary>
    public static bool IsMethod(string method) => HttpField.IsToken(method) && method != "CONNECT";

    /// <summary>A path with a query, as it is written in a request: what cannot stand there as it is, is encoded.</summary>
    public static string Encode(string target) => string.Concat(
        Encoding.UTF8.GetBytes(target).Select(octet => octet is > (byte)' ' and < 0x7f and not (byte)'#' ? $"{(char)octet}" : $"%{octet:X2}"));

    /// <summary>Reads <c>NAME: VALUE</c>; null: it is not one.</summary>
    /// <param name="text">The text.</param>
    /// <param name="error">What is wrong, as the rest of a sentence that names it.</param>
    public static KeyValuePair<string, string>? ReadHeader(string text, out string error)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0 || !HttpField.IsToken(text.AsSpan(0, colon)) || text.Any(char.IsControl))
        {
            error = "is not 'NAME: VALUE'";
            return null;
        }

        var header = KeyValuePair.Create(text[..colon], text[(colon + 1)..].Trim());
        error = IsHost(header.Key) && !HttpField.IsAuthority(header.Value) ? "names no host, which may have a port, such as www.example.com:8080" : "";
        return error.Length == 0 ? header : null;
    }

    /// <summary>Whether a header of this name says which host is asked.</summary>
    public static bool IsHost(string name) => name.Equals("Host", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a header of this name says how long the body is.</summary>
    public static bool IsLength(string name) => name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase);

    /// <summary>What a header says of the body's length that is not so; null: none does.</summary>
    public string? LengthObjection
    {
        get
        {
            var length = Body?.Length ?? 0;
            return Headers.FirstOrDefault(header => IsLength(header.Key) && header.Value != $"{length}") is { Key: { } name, Value: var said }
                ? $"{name} says {said}, and the body has {length} bytes; leave the header out, then it is counted"
                : null;
        }
    }

    /// <summary>A client for requests to this process. It has no time limit: the module has one.</summary>
    public static HttpClient CreateClient() => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,

        // What a terminal and a page write. The server reads it so.
        RequestHeaderEncodingSelector = static (_, _) => Encoding.UTF8,

        // The certificate is for the name that clients use. Here it is known who answers: the server of this process.
        SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is not null },
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>The request as a message.</summary>
    /// <param name="server">Where it is sent.</param>
    public HttpRequestMessage ToMessage(Uri server)
    {
        // As it was written: the server is to see dots and double slashes.
        var uri = new Uri(server.GetLeftPart(UriPartial.Authority) + Target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        var message = new HttpRequestMessage(new HttpMethod(Method), uri) { Content = Body is null ? null : new ByteArrayContent(Body) };
        message.Headers.Host = DefaultHost;
        if (Body?.Length > LargeBody)
        {
            message.Headers.ExpectContinue = true;
        }

        foreach (var (name, value) in Headers)
        {
            if (IsHost(name))
            {
                message.Headers.Host = value;
            }
            else
            {
                OutboundRequest.AddHeader(message, name, value);
            }
        }

        return message;
    }
}
