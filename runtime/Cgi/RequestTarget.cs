using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Wagi.Modules.Routes;
using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Cgi;

/// <summary>The parts of a request target (RFC 9112 §3.2), as sent and as decoded.</summary>
internal readonly ref struct RequestTarget
{
    /// <summary>Path as it was sent, without the query.</summary>
    public ReadOnlySpan<char> RawPath { get; private init; }

    /// <summary>Query as it was sent, without the question mark.</summary>
    public ReadOnlySpan<char> Query { get; private init; }

    /// <summary>What follows the route in the path, decoded by the server (all but <c>%2F</c>).</summary>
    public ReadOnlySpan<char> PathInfo { get; private init; }

    /// <summary>What follows the route in the path, as it was sent.</summary>
    public ReadOnlySpan<char> RawPathInfo { get; private init; }

    public static RequestTarget Of(HttpContext context, RoutePattern route)
    {
        var request = context.Request;
        var path = request.Path.Value ?? "";
        var pathInfo = route.IsPrefix && path.Length > route.Path.Length ? path[route.Path.Length..] : "";
        var raw = Raw(context, request.Path);
        var query = request.QueryString.Value.AsSpan();
        return new RequestTarget
        {
            RawPath = raw,
            Query = query.IsEmpty ? query : query[1..],
            PathInfo = pathInfo,
            RawPathInfo = pathInfo.Length == 0 ? default : RawInfo(raw, route, pathInfo),
        };
    }

    private static ReadOnlySpan<char> Raw(HttpContext context, PathString path)
    {
        var target = (context.Features.Get<IHttpRequestFeature>()?.RawTarget).AsSpan();
        if (!target.IsEmpty && target[0] != '/')
        {
            // Absolute form: http://host/path.
            var authority = target.IndexOf("://", StringComparison.Ordinal);
            var slash = authority < 0 ? -1 : target[(authority + 3)..].IndexOf('/');
            target = slash < 0 ? default : target[(authority + 3 + slash)..];
        }

        if (target.IsEmpty)
        {
            return path.ToUriComponent();
        }

        var end = target.IndexOfAny('?', '#');
        return end < 0 ? target : target[..end];
    }

    private static ReadOnlySpan<char> RawInfo(ReadOnlySpan<char> raw, RoutePattern route, string pathInfo)
    {
        // With dot segments in it, what was sent has other segments than what was matched.
        if (raw.Contains("/.", StringComparison.Ordinal) || raw.Contains("/%2e", StringComparison.OrdinalIgnoreCase))
        {
            return new PathString(pathInfo).ToUriComponent();
        }

        if (raw.StartsWith(route.Path, StringComparison.Ordinal)
            && (raw.Length == route.Path.Length || raw[route.Path.Length] == '/'))
        {
            return raw[route.Path.Length..];
        }

        // Some of the route was sent encoded: as many segments as it has are the route's.
        foreach (var character in route.Path)
        {
            if (character == '/')
            {
                var next = raw[1..].IndexOf('/');
                raw = next < 0 ? default : raw[(next + 1)..];
                if (raw.IsEmpty)
                {
                    return raw;
                }
            }
        }

        return raw;
    }
}

/// <summary>Percent-decoding (RFC 3986 §2.1) of a path.</summary>
internal static class PercentDecoding
{
    /// <summary>Appends the decoded bytes, whatever they encode; a percent sign that starts no escape stays.</summary>
    public static void Append(StringBlock target, ReadOnlySpan<char> text)
    {
        while (true)
        {
            var percent = text.IndexOf('%');
            if (percent < 0)
            {
                target.Append(text);
                return;
            }

            target.Append(text[..percent]);
            text = text[percent..];
            if (text.Length >= 3 && char.IsAsciiHexDigit(text[1]) && char.IsAsciiHexDigit(text[2]))
            {
                target.Append([(byte)((Convert.FromHexString(text[1..3]))[0])]);
                text = text[3..];
            }
            else
            {
                target.Append("%"u8);
                text = text[1..];
            }
        }
    }
}
