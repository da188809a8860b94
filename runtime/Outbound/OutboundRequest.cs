using System.Net;
using System.Text;
using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Outbound;

/// <summary>One request of a guest, checked; never changed.</summary>
/// <param name="Target">An http or https URL.</param>
/// <param name="Method">A token, as the guest wrote it.</param>
/// <param name="Headers">What is forwarded of its headers.</param>
/// <param name="Body">A copy: the guest's memory is its own while the request is on its way.</param>
internal sealed record OutboundRequest(
    Uri Target, HttpMethod Method, IReadOnlyList<KeyValuePair<string, string>> Headers, ReadOnlyMemory<byte> Body)
{
    private static readonly HashSet<string> Credentials = new(StringComparer.OrdinalIgnoreCase) { "Authorization", "Proxy-Authorization", "Cookie", "Cookie2" };

    /// <summary>Whether a header of this name says who is asking: it is meant for the server that it is sent to, and for nobody else.</summary>
    public static bool IsCredential(string name) => Credentials.Contains(name);

    /// <summary>Reads what the guest handed over; the error says what is wrong, in the order in which it is looked at.</summary>
    public static HttpError TryRead(
        ReadOnlySpan<byte> url, ReadOnlySpan<byte> method, ReadOnlySpan<byte> headers, ReadOnlySpan<byte> body, out OutboundRequest? request)
    {
        request = null;
        if (!HeaderLines.TryDecode(url, out var urlText) || !HeaderLines.TryDecode(method, out var methodText)
            || !HeaderLines.TryDecode(headers, out var headerText))
        {
            return HttpError.Utf8Error;
        }

        if (!Uri.TryCreate(urlText, UriKind.Absolute, out var target) || !IsHttp(target))
        {
            return HttpError.InvalidUrl;
        }

        // A tunnel would end the checking of destinations.
        if (!HttpField.IsToken(methodText) || methodText.Equals("CONNECT", StringComparison.OrdinalIgnoreCase))
        {
            return HttpError.InvalidMethod;
        }

        if (!HeaderLines.TryParse(headerText, out var fields))
        {
            return HttpError.InvalidEncoding;
        }

        request = new OutboundRequest(target, HttpMethod.Parse(methodText), WithUserInfo(fields, target), body.ToArray());
        return HttpError.Success;
    }

    /// <summary>The request that a redirect asks for (RFC 9110 §15.4), or null when the response is not one.</summary>
    /// <param name="status">The status of the response.</param>
    /// <param name="location">Its Location, relative perhaps; null when it has none.</param>
    /// <param name="error"><see cref="HttpError.InvalidUrl"/> when it leads to something that is not http.</param>
    public OutboundRequest? Follow(HttpStatusCode status, string? location, out HttpError error)
    {
        error = HttpError.Success;
        if (location is null || (int)status is not (301 or 302 or 303 or 307 or 308))
        {
            return null;
        }

        if (!Uri.TryCreate(Target, location, out var target) || !IsHttp(target))
        {
            error = HttpError.InvalidUrl;
            return null;
        }

        var becomesGet = (int)status switch
        {
            303 => Method != HttpMethod.Get && Method != HttpMethod.Head,
            301 or 302 => Method == HttpMethod.Post,
            _ => false,
        };
        var sameOrigin = Uri.Compare(Target, target, UriComponents.SchemeAndServer, UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase) == 0;
        var headers = Headers
            .Where(header => (sameOrigin || !IsCredential(header.Key)) && !(becomesGet && IsAboutContent(header.Key)))
            .ToList();
        return becomesGet
            ? new OutboundRequest(target, HttpMethod.Get, headers, default)
            : this with { Target = target, Headers = headers };
    }

    /// <summary>As it goes out.</summary>
    public HttpRequestMessage ToMessage()
    {
        var hasContent = !Body.IsEmpty || Headers.Any(header => IsAboutContent(header.Key));
        return MessageOf(Method, Target, Headers, hasContent ? new ReadOnlyMemoryContent(Body) : null);
    }

    /// <summary>A request as it goes out.</summary>
    /// <param name="method">Its method.</param>
    /// <param name="target">Where to.</param>
    /// <param name="headers">Those that are forwarded.</param>
    /// <param name="content">Its body; null: it has none.</param>
    public static HttpRequestMessage MessageOf(HttpMethod method, Uri target, IEnumerable<KeyValuePair<string, string>> headers, HttpContent? content)
    {
        // A length is sent with a method that is expected to have content, even if it is 0 (RFC 9110 §8.6).
        var isExpected = method == HttpMethod.Post || method == HttpMethod.Put || method == HttpMethod.Patch;
        var message = new HttpRequestMessage(method, target)
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrHigher,
            Content = content ?? (isExpected ? new ByteArrayContent([]) : null),
        };
        foreach (var (name, value) in headers)
        {
            AddHeader(message, name, value);
        }

        return message;
    }

    /// <summary>Adds a header as it is. Which headers belong to the content is for the library to know; the request refuses those.</summary>
    public static void AddHeader(HttpRequestMessage message, string name, string value)
    {
        if (!message.Headers.TryAddWithoutValidation(name, value))
        {
            (message.Content ??= new ByteArrayContent([])).Headers.TryAddWithoutValidation(name, value);
        }
    }

    private static bool IsHttp(Uri uri) => (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps) && uri.Host.Length > 0;

    private static bool IsAboutContent(string header) => header.StartsWith("Content-", StringComparison.OrdinalIgnoreCase);

    /// <summary>Name and password in a URL become Basic authentication (RFC 7617), as with other clients.</summary>
    private static List<KeyValuePair<string, string>> WithUserInfo(List<KeyValuePair<string, string>> headers, Uri target)
    {
        if (target.UserInfo.Length > 0 && !headers.Exists(header => header.Key.Equals("Authorization", StringComparison.OrdinalIgnoreCase)))
        {
            var credentials = Encoding.UTF8.GetBytes(Uri.UnescapeDataString(target.UserInfo));
            headers.Add(new("Authorization", $"Basic {Convert.ToBase64String(credentials)}"));
        }

        return headers;
    }
}
