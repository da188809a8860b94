using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Wagi.Modules.Outbound;
using Wagi.Modules.Routes;
using Wagi.Oci.Authentication;
using Wagi.Oci.References;

namespace Wagi.Operator.Classes;

/// <summary>The word in a pattern that stands for the namespace of a WagiModule.</summary>
internal static class NamespacePlaceholder
{
    private const string Word = "{namespace}";

    /// <summary>The pattern for one namespace.</summary>
    public static string For(string pattern, string @namespace) => pattern.Replace(Word, @namespace, StringComparison.Ordinal);
}

/// <summary>Which hosts a pattern of a class covers.</summary>
internal static class HostCover
{
    /// <summary>Whether every host that <paramref name="host"/> matches is matched by <paramref name="pattern"/> too.</summary>
    public static bool Covers(HostPattern pattern, HostPattern host) =>
        pattern.IsWildcard
            ? host.Name.EndsWith("." + pattern.Name, StringComparison.Ordinal) || (host.IsWildcard && host.Name == pattern.Name)
            : !host.IsWildcard && host.Name == pattern.Name;
}

/// <summary>A pattern of origins: <c>SCHEME://HOST[:PORT]</c>, where <c>*</c> may be the scheme, the host, its first label or the port.</summary>
internal sealed record OriginPattern
{
    private const string Any = "*";

    private readonly string _scheme;
    private readonly string _host;
    private readonly int? _port;
    private readonly bool _anyPort;

    private OriginPattern(string scheme, string host, int? port, bool anyPort)
    {
        _scheme = scheme;
        _host = host;
        _port = port;
        _anyPort = anyPort;
    }

    /// <summary>Reads a pattern; <paramref name="error"/> says what is wrong with it.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out OriginPattern? pattern, [NotNullWhen(false)] out string? error)
    {
        pattern = null;
        error = $"'{text}' is not SCHEME://HOST[:PORT], such as 'https://*.example.com' or '*://*:*'";
        var end = text.IndexOf("://", StringComparison.Ordinal);
        var scheme = end < 0 ? "" : text[..end].ToLowerInvariant();
        if (scheme is not ("http" or "https" or Any))
        {
            return false;
        }

        var (host, port) = SplitPort(text[(end + 3)..].ToLowerInvariant());
        var number = 0;
        if (port is not (null or Any) && !(int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number is > 0 and <= ushort.MaxValue))
        {
            return false;
        }

        // What an origin without wildcards may be, the parser of origins knows.
        var sample = host == Any ? "example" : host.StartsWith("*.", StringComparison.Ordinal) ? host[2..] : host;
        if (!AllowedHost.TryParse($"http://{sample}", out _, out _))
        {
            return false;
        }

        pattern = new OriginPattern(scheme, host, port is null or Any ? null : number, port == Any);
        error = null;
        return true;
    }

    /// <summary>Whether an origin is covered. <c>insecure:allow-all</c> is none, and never is.</summary>
    public bool Covers(AllowedHost origin)
    {
        if (origin.AllowsEverything)
        {
            return false;
        }

        var uri = new Uri(origin.Origin);
        return (_scheme == Any || _scheme == uri.Scheme)
            && (_anyPort || uri.Port == (_port ?? (uri.Scheme == Uri.UriSchemeHttps ? 443 : 80)))
            && CoversHost(uri.Host);
    }

    private bool CoversHost(string host) => _host switch
    {
        Any => true,
        _ when _host.StartsWith("*.", StringComparison.Ordinal) => host.EndsWith(_host[1..], StringComparison.Ordinal) && host.Length > _host.Length - 1,
        _ => _host == host,
    };

    private static (string Host, string? Port) SplitPort(string authority)
    {
        var colon = authority.LastIndexOf(':');
        return colon < 0 || authority.EndsWith(']') ? (authority, null) : (authority[..colon], authority[(colon + 1)..]);
    }
}

/// <summary>Which repositories a pattern of a class covers.</summary>
internal static class RegistryCover
{
    private const string Any = "*";

    /// <summary>Why a text is no pattern; null: it is one.</summary>
    public static string? WhyWrong(string pattern) =>
        pattern == Any || (!pattern.Any(char.IsWhiteSpace) && !pattern.Contains("://", StringComparison.Ordinal) && !pattern.StartsWith('/') && !pattern.Contains('@', StringComparison.Ordinal))
            ? null
            : $"'{pattern}' is not HOST[:PORT][/PATH], such as 'ghcr.io/example', or '*'";

    /// <summary>How specific a pattern is that covers a repository; null when it does not.</summary>
    public static int? Covers(string pattern, Reference image)
    {
        if (pattern == Any)
        {
            return -1;
        }

        var registry = RegistryPattern.Parse(pattern);
        return registry.Matches(image.Registry, image.Repository) ? registry.Specificity : null;
    }
}
