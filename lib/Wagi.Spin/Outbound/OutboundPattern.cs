using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Wagi.Modules.Outbound;

namespace Wagi.Spin.Outbound;

/// <summary>
/// An item of Spin's <c>allowed_outbound_hosts</c> that is about HTTP: <c>scheme://host[:port]</c>, with <c>*</c> for any scheme, any host, any
/// subdomain (<c>*.example.com</c>) or any port, and with ranges of ports.
/// </summary>
public sealed record OutboundPattern
{
    private const string Any = "*";
    private const string SubdomainsOf = "*.";
    private const int LastPort = 65535;

    private OutboundPattern(string text, ImmutableArray<string> schemes, string host, int firstPort, int lastPort)
    {
        Text = text;
        Schemes = schemes;
        Host = host;
        (FirstPort, LastPortOf) = (firstPort, lastPort);
    }

    /// <summary>The item as it is written.</summary>
    public string Text { get; }

    /// <summary>Whether it allows every destination.</summary>
    public bool AllowsEverything => Schemes.Length == 2 && Host == Any && (FirstPort, LastPortOf) == (0, LastPort);

    /// <summary>The origins that it stands for; empty when they cannot be listed.</summary>
    public ImmutableArray<AllowedHost> Origins => AllowsEverything
        ? [Parse(AllowedHost.AllowAll)]
        : Host.Contains('*', StringComparison.Ordinal) || FirstPort != LastPortOf
            ? []
            : [.. Schemes.Select(scheme => Parse(string.Create(CultureInfo.InvariantCulture, $"{scheme}://{Host}:{FirstPort}")))];

    private ImmutableArray<string> Schemes { get; }

    /// <summary>In lower case; <c>*</c>, or with <c>*.</c> in front.</summary>
    private string Host { get; }

    private int FirstPort { get; }

    private int LastPortOf { get; }

    /// <summary>Reads an item; <paramref name="error"/> says why modules cannot have it.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out OutboundPattern? pattern, [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(text);
        pattern = null;
        if (text == AllowedHost.AllowAll)
        {
            pattern = new OutboundPattern(text, ["http", "https"], Any, 0, LastPort);
            error = null;
            return true;
        }

        var parts = text.Split("://", 2);
        var scheme = parts[0].ToLowerInvariant();
        if (parts.Length < 2 || scheme.Length == 0)
        {
            error = $"'{text}' is not an origin such as https://api.example.com";
            return false;
        }

        if (scheme is not ("http" or "https" or Any))
        {
            error = $"'{text}': modules send HTTP requests only, and nothing over '{scheme}'";
            return false;
        }

        var (host, port) = Split(parts[1].TrimEnd('/').ToLowerInvariant());
        error = Refuse(text, scheme, host, port, out var first, out var last);
        if (error is not null)
        {
            return false;
        }

        pattern = new OutboundPattern(text, scheme == Any ? ["http", "https"] : [scheme], Normal(host), first, last);
        return true;
    }

    /// <summary>Whether it allows all of an origin.</summary>
    public bool Covers(AllowedHost origin)
    {
        ArgumentNullException.ThrowIfNull(origin);
        if (origin.AllowsEverything)
        {
            return AllowsEverything;
        }

        var url = new Uri(origin.Origin);
        var name = url.Host;
        return Schemes.Contains(url.Scheme)
            && (Host == Any || Host == name || (Host.StartsWith(SubdomainsOf, StringComparison.Ordinal) && name.EndsWith(Host[1..], StringComparison.Ordinal)))
            && url.Port >= FirstPort && url.Port <= LastPortOf;
    }

    /// <summary>What both sides allow: the component asks, and whoever serves it grants.</summary>
    /// <param name="asked">What the component asks for.</param>
    /// <param name="granted">What the entry allows.</param>
    public static ImmutableArray<AllowedHost> Intersect(IReadOnlyCollection<OutboundPattern> asked, IReadOnlyCollection<AllowedHost> granted)
    {
        ArgumentNullException.ThrowIfNull(asked);
        ArgumentNullException.ThrowIfNull(granted);
        var both = granted.Where(origin => asked.Any(pattern => pattern.Covers(origin)))
            .Concat(granted.Any(origin => origin.AllowsEverything) ? asked.SelectMany(pattern => pattern.Origins) : []);
        return [.. both.Distinct()];
    }

    /// <summary>The items as they are written.</summary>
    public override string ToString() => Text;

    private static (string Host, string? Port) Split(string authority)
    {
        // An IPv6 address has colons of its own, in brackets.
        var colon = authority.LastIndexOf(':');
        return colon > authority.LastIndexOf(']') ? (authority[..colon], authority[(colon + 1)..]) : (authority, null);
    }

    private static string? Refuse(string text, string scheme, string host, string? port, out int first, out int last)
    {
        (first, last) = scheme == "https" ? (443, 443) : (80, 80);
        if (host is "self" or "self.alt" || host.EndsWith(".spin.internal", StringComparison.Ordinal))
        {
            return $"'{text}': requests to components of the same application go by their public address";
        }

        var name = host.StartsWith(SubdomainsOf, StringComparison.Ordinal) ? host[2..] : host;
        if (name != Any && !AllowedHost.TryParse("http://" + name, out _, out _))
        {
            return $"'{text}': '{host}' is not the name or the address of a host";
        }

        switch (port?.Split(".."))
        {
            case null when scheme == Any:
                return $"'{text}' needs a port";
            case null:
                return null;
            case [Any]:
                (first, last) = (0, LastPort);
                return null;
            case [var single] when Number(single) is { } number:
                (first, last) = (number, number);
                return null;
            case [var from, var end] when Number(from) is { } start && Number(end) is { } after && start < after:
                // As in Rust: the end is not in the range.
                (first, last) = (start, after - 1);
                return null;
            default:
                return $"'{text}': '{port}' is not a port";
        }
    }

    /// <summary>The host as <see cref="AllowedHost"/> writes it: two that mean the same are the same text.</summary>
    private static string Normal(string host)
    {
        var prefix = host.StartsWith(SubdomainsOf, StringComparison.Ordinal) ? SubdomainsOf : "";
        return host == Any ? host : prefix + new Uri(Parse("http://" + host[prefix.Length..]).Origin).Host;
    }

    private static int? Number(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and <= LastPort ? number : null;

    private static AllowedHost Parse(string text) => AllowedHost.TryParse(text, out var host, out var error) ? host : throw new FormatException(error);
}
