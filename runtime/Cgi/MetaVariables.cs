using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Wagi.Modules.Cgi;
using Wagi.Modules.Routes;
using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Cgi;

/// <summary>
/// The environment of a request: the meta-variables of CGI (RFC 3875 §4.1), WAGI's own, and what is configured for the module.
/// Written straight as UTF-8; what is the same for every request is prepared once.
/// </summary>
internal sealed class MetaVariables
{
    private readonly StringBlock _fixed = new();
    private readonly List<(byte[] Prefix, string Value)> _headerLike = [];
    private readonly string? _defaultHost;
    private readonly RequestFields _fields;

    /// <param name="configured">The module's own variables; a name that CGI has a meaning for is left out.</param>
    /// <param name="defaultHost">Host (and port) for requests without a Host header; null: the connection's address.</param>
    /// <param name="fields">Which header fields the module sees.</param>
    public MetaVariables(IReadOnlyDictionary<string, string> configured, string? defaultHost, RequestFields fields)
    {
        _fields = fields;
        _defaultHost = defaultHost;
        _fixed.Add("AUTH_TYPE=");
        _fixed.Add("GATEWAY_INTERFACE=CGI/1.1");
        _fixed.Add("REMOTE_USER=");
        _fixed.Add("SERVER_SOFTWARE=WAGI/1");
        foreach (var (name, value) in configured)
        {
            if (MetaVariableNames.All.Contains(name))
            {
                continue;
            }

            if (name.StartsWith("HTTP_", StringComparison.Ordinal))
            {
                // A request header of that name wins over it.
                _headerLike.Add((System.Text.Encoding.UTF8.GetBytes(name + "="), value));
            }
            else
            {
                _fixed.Begin().Append(name).Append("="u8).Append(value).End();
            }
        }
    }

    /// <summary>Writes the environment of one request.</summary>
    /// <param name="environment">Where to; empty before.</param>
    /// <param name="context">The request.</param>
    /// <param name="target">Its target.</param>
    /// <param name="route">The route that it matched.</param>
    /// <param name="bodyLength">Length of the body without transfer coding, in bytes.</param>
    public void Write(StringBlock environment, HttpContext context, in RequestTarget target, RoutePattern route, long bodyLength)
    {
        var request = context.Request;
        environment.Add(_fixed);
        environment.Begin("CONTENT_LENGTH="u8).Append(bodyLength).End();
        environment.Begin("CONTENT_TYPE="u8).Append(request.ContentType).End();
        WritePathInfo(environment.Begin("PATH_INFO="u8), target);
        WritePathInfo(environment.Begin("PATH_TRANSLATED="u8), target);
        environment.Begin("X_RAW_PATH_INFO="u8).Append(target.RawPathInfo).End();
        environment.Begin("QUERY_STRING="u8).Append(target.Query).End();
        WriteAddress(environment.Begin("REMOTE_ADDR="u8), context.Connection.RemoteIpAddress);
        WriteAddress(environment.Begin("REMOTE_HOST="u8), context.Connection.RemoteIpAddress);
        environment.Begin("REQUEST_METHOD="u8).Append(request.Method).End();
        environment.Begin("SCRIPT_NAME="u8).Append(route.Path).End();
        environment.Begin("SERVER_PROTOCOL="u8).Append(request.Protocol).End();
        environment.Begin("X_MATCHED_ROUTE="u8).Append(route.Path).Append(route.IsPrefix ? "/..."u8 : default).End();
        WriteServer(environment, context, target);
        WriteHeaders(environment, request.Headers);
        WriteHeaderLike(environment);
    }

    private static void WritePathInfo(StringBlock value, in RequestTarget target)
    {
        if (target.PathInfo.Contains('%'))
        {
            // The server leaves %2F as it is: decoded here, from what was sent, so that nothing is decoded twice.
            PercentDecoding.Append(value, target.RawPathInfo);
        }
        else
        {
            value.Append(target.PathInfo);
        }

        value.End();
    }

    private static void WriteAddress(StringBlock value, IPAddress? address)
    {
        if (address is { IsIPv4MappedToIPv6: true })
        {
            address = address.MapToIPv4();
        }

        Span<byte> text = stackalloc byte[80];
        if (address is not null && address.TryFormat(text, out var length))
        {
            value.Append(text[..length]);
        }

        value.End();
    }

    private void WriteServer(StringBlock environment, HttpContext context, in RequestTarget target)
    {
        var request = context.Request;
        var authority = request.Host.Value;
        if (string.IsNullOrEmpty(authority))
        {
            authority = _defaultHost;
        }

        if (string.IsNullOrEmpty(authority))
        {
            var address = context.Connection.LocalIpAddress;
            var port = context.Connection.LocalPort;
            authority = address is null
                ? "localhost"
                : address is { AddressFamily: AddressFamily.InterNetworkV6, IsIPv4MappedToIPv6: false }
                    ? $"[{address}]:{port}"
                    : $"{(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address)}:{port}";
        }

        // The last colon parts name and port, unless it stands inside the brackets of an IPv6 address.
        var name = authority.AsSpan();
        var portText = default(ReadOnlySpan<char>);
        var colon = name.LastIndexOf(':');
        if (colon >= 0 && colon > name.LastIndexOf(']'))
        {
            portText = name[(colon + 1)..];
            name = name[..colon];
        }

        environment.Begin("SERVER_NAME="u8).Append(name).End();
        environment.Begin("SERVER_PORT="u8);
        if (portText.IsEmpty)
        {
            environment.Append(request.IsHttps ? "443"u8 : "80"u8);
        }
        else
        {
            environment.Append(portText);
        }

        environment.End();
        environment.Begin("X_FULL_URL="u8).Append(request.Scheme).Append("://"u8).Append(authority).Append(target.RawPath);
        if (!target.Query.IsEmpty)
        {
            environment.Append("?"u8).Append(target.Query);
        }

        environment.End();
    }

    private void WriteHeaders(StringBlock environment, IHeaderDictionary headers)
    {
        Span<byte> name = stackalloc byte[256];
        foreach (var (header, values) in headers)
        {
            if (IsWithheld(header, headers))
            {
                continue;
            }

            environment.Begin("HTTP_"u8);
            if (header.Length <= name.Length)
            {
                for (var i = 0; i < header.Length; i++)
                {
                    name[i] = ToVariableCharacter(header[i]);
                }

                environment.Append(name[..header.Length]);
            }
            else
            {
                environment.Append(header.ToUpperInvariant().Replace('-', '_'));
            }

            environment.Append("="u8);
            WriteValues(environment, header, values);
            environment.End();
        }
    }

    // RFC 3875 §4.1.18; httpoxy (CVE-2016-5385) for Proxy.
    private bool IsWithheld(string header, IHeaderDictionary headers) => header.Length switch
    {
        5 => header.Equals("Proxy", StringComparison.OrdinalIgnoreCase),
        10 => header.Equals("Connection", StringComparison.OrdinalIgnoreCase),
        _ => _fields.Withhold(header),
    } || (header.Contains('_') && headers.ContainsKey(header.Replace('_', '-'))); // X_Y must not pass itself off as X-Y

    private static byte ToVariableCharacter(char character) => character switch
    {
        >= 'a' and <= 'z' => (byte)(character - 32),
        '-' => (byte)'_',
        _ => (byte)character,
    };

    // RFC 9110 §5.3: a comma; RFC 9113 §8.2.3: cookies are the exception.
    private static void WriteValues(StringBlock environment, string header, StringValues values)
    {
        if (values.Count == 1)
        {
            environment.Append(values[0]);
            return;
        }

        var separator = header.Equals("Cookie", StringComparison.OrdinalIgnoreCase) ? "; "u8 : ", "u8;
        for (var i = 0; i < values.Count; i++)
        {
            if (i > 0)
            {
                environment.Append(separator);
            }

            environment.Append(values[i]);
        }
    }

    private void WriteHeaderLike(StringBlock environment)
    {
        foreach (var (prefix, value) in _headerLike)
        {
            if (!environment.ContainsPrefix(prefix))
            {
                environment.Begin(prefix).Append(value).End();
            }
        }
    }
}
