using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Wagi.Modules.Outbound;

/// <summary>
/// An item of <c>allowed_hosts</c>: an origin (scheme, host and port, RFC 6454 §4) that a module may send HTTP requests to, or
/// <c>insecure:allow-all</c>.
/// </summary>
public sealed record AllowedHost
{
    /// <summary>The item that allows every destination.</summary>
    public const string AllowAll = "insecure:allow-all";

    private AllowedHost(string origin) => Origin = origin;

    /// <summary><c>scheme://host:port</c> in lower case with the port always written, or <see cref="AllowAll"/>.</summary>
    public string Origin { get; }

    /// <summary>Whether it is <see cref="AllowAll"/>.</summary>
    public bool AllowsEverything => Origin == AllowAll;

    /// <summary>Reads an item; <paramref name="error"/> says what is wrong with it.</summary>
    public static bool TryParse(
        string? text, [NotNullWhen(true)] out AllowedHost? host, [NotNullWhen(false)] out string? error)
    {
        host = null;
        error = null;
        if (text == AllowAll)
        {
            host = new AllowedHost(AllowAll);
            return true;
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || !IsOrigin(uri))
        {
            error = $"allowed host '{text}' is not an origin; write for example 'https://api.example.com' or 'http://localhost:8080'";
            return false;
        }

        host = new AllowedHost(OriginOf(uri));
        return true;
    }

    private static bool IsOrigin(Uri uri) =>
        (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps)
        && uri.Host.Length > 0 && uri.UserInfo.Length == 0
        // The zone of a link-local address (RFC 6874) has a meaning on one machine only.
        && !uri.DnsSafeHost.Contains('%', StringComparison.Ordinal)
        && uri.AbsolutePath == "/" && uri.Query.Length == 0 && uri.Fragment.Length == 0;

    /// <summary>An IPv6 address keeps its brackets (RFC 3986 §3.2.2), which <see cref="Uri.IdnHost"/> drops.</summary>
    private static string OriginOf(Uri uri) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{uri.Scheme}://{(uri.HostNameType == UriHostNameType.IPv6 ? uri.Host : uri.IdnHost.ToLowerInvariant())}:{uri.Port}");

    /// <summary>Whether a request to <paramref name="destination"/> is allowed by this item.</summary>
    public bool Allows(Uri destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        return AllowsEverything || OriginOf(destination) == Origin;
    }

    /// <summary>The item in its normal form.</summary>
    public override string ToString() => Origin;
}
