using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;
using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Cgi;

/// <summary>
/// The header block of a CGI response (RFC 3875 §6.3), applied to the HTTP response. Anything that could be read in two ways is
/// refused instead of repaired: what a guest lets through from its own clients must not become a second header or a second response.
/// </summary>
internal static class ResponseHead
{
    /// <summary>Where the block ends.</summary>
    /// <param name="bytes">What the guest has written.</param>
    /// <param name="searched">How much of it has been searched before.</param>
    /// <returns>Length of the block with the empty line that ends it; -1 when the end is not there yet.</returns>
    public static int FindEnd(ReadOnlySpan<byte> bytes, int searched)
    {
        // An empty line: a line feed at the start or after another one, with a carriage return in between or not.
        var position = Math.Max(0, searched - 2);
        while (true)
        {
            var feed = bytes[position..].IndexOf((byte)'\n');
            if (feed < 0)
            {
                return -1;
            }

            feed += position;
            var lineEnd = feed > 0 && bytes[feed - 1] == '\r' ? feed - 1 : feed;
            if (lineEnd == 0 || bytes[lineEnd - 1] == '\n')
            {
                return feed + 1;
            }

            position = feed + 1;
        }
    }

    /// <summary>Applies a block, empty line included.</summary>
    /// <returns>What is wrong with it, or null.</returns>
    public static string? Apply(ReadOnlySpan<byte> block, HttpContext context)
    {
        var response = context.Response;
        var hasContentType = false;
        var hasLocation = false;
        var hasStatus = false;
        while (true)
        {
            var feed = block.IndexOf((byte)'\n');
            var line = block[..feed];
            block = block[(feed + 1)..];
            if (line.EndsWith("\r"u8))
            {
                line = line[..^1];
            }

            if (line.IsEmpty)
            {
                break;
            }

            var colon = line.IndexOf((byte)':');
            if (colon < 0 || !HttpField.IsToken(line[..colon]))
            {
                return colon < 0 ? "a header line has no colon" : "a header has an invalid name";
            }

            var name = line[..colon];
            var value = line[(colon + 1)..].Trim(" \t"u8);
            if (HttpField.HasControl(value))
            {
                return $"the value of header '{Text(name)}' holds a control character";
            }

            string? error = null;
            if (Is(name, "content-type"u8))
            {
                error = hasContentType ? "header 'Content-Type' is there twice" : null;
                hasContentType = true;
                error ??= Add(response, HeaderNames.ContentType, Text(value));
            }
            else if (Is(name, "status"u8))
            {
                error = hasStatus ? "header 'Status' is there twice" : SetStatus(value, context);
                hasStatus = true;
            }
            else if (Is(name, "location"u8))
            {
                error = hasLocation ? "header 'Location' is there twice" : null;
                hasLocation = true;
                error ??= Add(response, HeaderNames.Location, Text(value));
            }
            else if (Is(name, "content-length"u8))
            {
                error = SetContentLength(value, response);
            }
            else
            {
                var text = Text(name);
                error = HttpField.IsOfConnection(text) || text.Equals(HeaderNames.Trailer, StringComparison.OrdinalIgnoreCase)
                    ? $"header '{text}' belongs to the connection and is not the guest's to set"
                    : Add(response, text, Text(value));
            }

            if (error is not null)
            {
                return error;
            }
        }

        if (hasLocation && !hasStatus)
        {
            response.StatusCode = StatusCodes.Status302Found;
        }

        return hasContentType || hasLocation || hasStatus
            ? null
            : "the header block has none of 'Content-Type', 'Status' and 'Location', of which one is needed";
    }

    /// <summary>Applies a status and header fields, whose names and values are what they should be.</summary>
    /// <returns>What is wrong with them, or null.</returns>
    public static string? Apply(int status, IReadOnlyList<HttpField> fields, HttpContext context)
    {
        var response = context.Response;
        if (status is < 200 or > 599)
        {
            return $"the status is {status}, and not a number from 200 to 599";
        }

        response.StatusCode = status;
        foreach (var (name, bytes) in fields)
        {
            var value = bytes.AsSpan().Trim(" \t"u8);
            var error = name.Equals(HeaderNames.ContentLength, StringComparison.OrdinalIgnoreCase) ? SetContentLength(value, response)
                : Add(response, name, Text(value));
            if (error is not null)
            {
                return error;
            }
        }

        return null;
    }

    private static string? SetStatus(ReadOnlySpan<byte> value, HttpContext context)
    {
        if (value.Length < 3 || !int.TryParse(value[..3], NumberStyles.None, CultureInfo.InvariantCulture, out var status)
            || (value.Length > 3 && value[3] != ' ') || status is < 200 or > 599)
        {
            return "header 'Status' is not a number from 200 to 599, with or without a phrase after it";
        }

        context.Response.StatusCode = status;
        if (value.Length > 4 && Ascii.IsValid(value) && context.Features.Get<IHttpResponseFeature>() is { } feature)
        {
            feature.ReasonPhrase = Text(value[4..]);
        }

        return null;
    }

    private static string? SetContentLength(ReadOnlySpan<byte> value, HttpResponse response)
    {
        if (!long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var length))
        {
            return "header 'Content-Length' is not a number";
        }

        if (response.ContentLength is { } other && other != length)
        {
            return "header 'Content-Length' is there twice, with different values";
        }

        response.ContentLength = length;
        return null;
    }

    private static string? Add(HttpResponse response, string name, string value)
    {
        if (name.Equals(RequestId.Header, StringComparison.OrdinalIgnoreCase))
        {
            return null; // It is there already, and the one that the log knows.
        }

        try
        {
            response.Headers.Append(name, value);
            return null;
        }
        catch (InvalidOperationException)
        {
            // The server was told to send headers in ASCII only.
            return $"the value of header '{name}' holds bytes outside ASCII";
        }
    }

    private static bool Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> lowerCase) => Ascii.EqualsIgnoreCase(name, lowerCase);

    /// <summary>Bytes as the server sends them again.</summary>
    public static string Text(ReadOnlySpan<byte> bytes) => HeaderStrings.Of(bytes);
}
