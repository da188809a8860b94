using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Serving;

/// <summary>The proxies before the server that are believed, and how they say for whom they ask.</summary>
/// <param name="Trusted">Their addresses.</param>
/// <param name="Fields">
/// The header fields that they write. The others say whatever a client wrote, because proxies pass on what they do not know.
/// </param>
internal sealed record ProxyOptions(IReadOnlyCollection<IPNetwork> Trusted, ProxyFields Fields);

/// <summary>Header fields in which proxies say for whom they ask.</summary>
internal enum ProxyFields
{
    /// <summary><c>X-Forwarded-For</c>, <c>X-Forwarded-Proto</c> and <c>X-Forwarded-Host</c>, which most proxies write.</summary>
    XForwarded,

    /// <summary><c>Forwarded</c> (RFC 7239).</summary>
    Forwarded,
}

/// <summary>
/// Gives a request that trusted proxies have passed on the address of its client, the scheme and the host that the client has used. Read from
/// the last proxy to the first, and no further than to the first address that is not trusted: what stands before was written by whoever it
/// belongs to. Requests of others stay as they are. The fields themselves do so in any case.
/// </summary>
/// <remarks>
/// ASP.NET's own middleware does not know <c>Forwarded</c>, goes on to what clients wrote where a proxy names no address, and takes the fields away
/// from modules that read them.
/// </remarks>
/// <param name="proxies">Who is believed.</param>
/// <param name="next">Answers requests.</param>
internal sealed class ForwardedRequests(ProxyOptions proxies, RequestDelegate next)
{
    private readonly IPNetwork[] _trusted = [.. proxies.Trusted];

    /// <summary>Answers a request.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        if (IsTrusted(context.Connection.RemoteIpAddress))
        {
            Apply(context);
        }

        return next(context);
    }

    private void Apply(HttpContext context)
    {
        var (request, connection) = (context.Request, context.Connection);
        foreach (var hop in proxies.Fields == ProxyFields.Forwarded ? Hop.OfForwarded(request.Headers["Forwarded"]) : Hop.OfXForwarded(request.Headers))
        {
            if (hop.Scheme is { } scheme)
            {
                request.Scheme = scheme;
            }

            if (hop.Host is { } host)
            {
                request.Host = new HostString(host);
            }

            if (hop.Address is null)
            {
                return; // Who has sent it to this proxy, it does not say.
            }

            connection.RemoteIpAddress = hop.Address;
            if (!IsTrusted(hop.Address))
            {
                return;
            }
        }
    }

    private bool IsTrusted(IPAddress? address)
    {
        if (address is { IsIPv4MappedToIPv6: true })
        {
            address = address.MapToIPv4();
        }

        foreach (var network in _trusted)
        {
            if (address is not null && network.Contains(address))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>What one proxy says of whoever has asked it.</summary>
    /// <param name="Address">The address; null: it names none.</param>
    /// <param name="Scheme"><c>http</c> or <c>https</c>; null: it names none.</param>
    /// <param name="Host">The host with its port; null: it names none.</param>
    private readonly record struct Hop(IPAddress? Address, string? Scheme, string? Host)
    {
        /// <summary>From the last proxy to the first. A proxy that names no host or scheme has let its predecessor's stand.</summary>
        public static IEnumerable<Hop> OfXForwarded(IHeaderDictionary headers)
        {
            var addresses = Items(headers["X-Forwarded-For"]);
            var schemes = Items(headers["X-Forwarded-Proto"]);
            var hosts = Items(headers["X-Forwarded-Host"]);
            for (var i = 0; i < Math.Max(addresses.Length, 1); i++)
            {
                yield return new Hop(ReadAddress(At(addresses, i)), ReadScheme(At(schemes, i)), ReadHost(At(hosts, i)));
            }
        }

        /// <summary>From the last proxy to the first, so that nothing that a client wrote changes how the rest is read.</summary>
        public static IEnumerable<Hop> OfForwarded(StringValues field)
        {
            for (var rest = string.Join(',', field!); rest.Length > 0;)
            {
                var element = TakeLast(ref rest, ',');
                var hop = default(Hop);
                while (element.Length > 0)
                {
                    var pair = TakeLast(ref element, ';').Split('=', 2, StringSplitOptions.TrimEntries);
                    var value = Unquote(pair[^1]);
                    hop = pair[0].ToLowerInvariant() switch
                    {
                        "for" => hop with { Address = ReadAddress(value) },
                        "proto" => hop with { Scheme = ReadScheme(value) },
                        "host" => hop with { Host = ReadHost(value) },
                        _ => hop,
                    };
                }

                yield return hop;
            }
        }

        private static string[] Items(StringValues field) => string.Join(',', field!).Split(',', StringSplitOptions.TrimEntries);

        private static string At(string[] items, int indexFromEnd) => indexFromEnd < items.Length ? items[^(indexFromEnd + 1)] : "";

        /// <summary>What follows the last separator that is in no quoted string (RFC 9110 §5.6.4).</summary>
        private static string TakeLast(ref string rest, char separator)
        {
            var isQuoted = false;
            var start = rest.Length;
            for (; start > 0; start--)
            {
                var character = rest[start - 1];
                if (character == '"' && !IsEscaped(rest, start - 1))
                {
                    isQuoted = !isQuoted;
                }
                else if (character == separator && !isQuoted)
                {
                    break;
                }
            }

            var last = rest[start..];
            rest = start > 0 ? rest[..(start - 1)] : "";
            return last;
        }

        private static bool IsEscaped(string text, int index)
        {
            var before = index;
            while (before > 0 && text[before - 1] == '\\')
            {
                before--;
            }

            return (index - before) % 2 == 1;
        }

        private static string Unquote(string value)
        {
            if (value is not ['"', .. var quoted, '"'])
            {
                return value;
            }

            var text = new StringBuilder(quoted.Length);
            for (var i = 0; i < quoted.Length; i++)
            {
                i += quoted[i] == '\\' && i + 1 < quoted.Length ? 1 : 0;
                text.Append(quoted[i]);
            }

            return text.ToString();
        }

        /// <summary>An address with a port or without; null for <c>unknown</c> and for names that hide an address (RFC 7239 §6).</summary>
        private static IPAddress? ReadAddress(string text) =>
            IPEndPoint.TryParse(text, out var endPoint) ? endPoint.Address : null;

        private static string? ReadScheme(string text) => text.ToLowerInvariant() is ("http" or "https") and var scheme ? scheme : null;

        private static string? ReadHost(string text) => HttpField.IsAuthority(text) ? text : null;
    }
}
