using System.Buffers;
using System.Globalization;
using System.Text;

namespace Wagi.Runtime.Guests;

/// <summary>A header or trailer field (RFC 9110 §5).</summary>
/// <param name="Name">A token.</param>
/// <param name="Value">Its value, as bytes: what is in it need not be text.</param>
internal readonly record struct HttpField(string Name, byte[] Value)
{
    // RFC 9110 §5.6.2.
    private const string TokenCharacters = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    private static readonly SearchValues<char> Token = SearchValues.Create(TokenCharacters);
    private static readonly SearchValues<byte> TokenBytes = SearchValues.Create([.. TokenCharacters.Select(character => (byte)character)]);

    // A tab is the one control character that a value may have (RFC 9110 §5.5).
    private static readonly byte[] Controls = [.. Enumerable.Range(0, 0x20).Append(0x7f).Where(code => code != '\t').Select(code => (byte)code)];
    private static readonly SearchValues<byte> ControlBytes = SearchValues.Create(Controls);
    private static readonly SearchValues<char> ControlCharacters = SearchValues.Create([.. Controls.Select(code => (char)code)]);

    private static readonly HashSet<string> OfConnection = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "TE", "Transfer-Encoding", "Upgrade",
    };

    /// <summary>Whether a text is a token, as the names of fields and methods are: one character at least, and none that separates.</summary>
    public static bool IsToken(ReadOnlySpan<char> text) => !text.IsEmpty && !text.ContainsAnyExcept(Token);

    /// <inheritdoc cref="IsToken(ReadOnlySpan{char})"/>
    public static bool IsToken(ReadOnlySpan<byte> text) => !text.IsEmpty && !text.ContainsAnyExcept(TokenBytes);

    /// <summary>Whether a text is a host, perhaps with a port, as a <c>Host</c> field has it (RFC 9110 §7.2): an IPv6 address in brackets.</summary>
    public static bool IsAuthority(string text)
    {
        var colon = text.LastIndexOf(':');
        var hasPort = colon > text.LastIndexOf(']');
        var host = hasPort ? text[..colon] : text;
        return (!hasPort || (ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0))
            && Ascii.IsValid(text)
            && Uri.CheckHostName(host) switch
            {
                UriHostNameType.Dns or UriHostNameType.IPv4 => true,
                UriHostNameType.IPv6 => host[0] == '[',
                _ => false,
            };
    }

    /// <summary>Whether a value holds a control character, by which it could break out of its field.</summary>
    public static bool HasControl(ReadOnlySpan<char> value) => value.ContainsAny(ControlCharacters);

    /// <inheritdoc cref="HasControl(ReadOnlySpan{char})"/>
    public static bool HasControl(ReadOnlySpan<byte> value) => value.ContainsAny(ControlBytes);

    /// <summary>Whether a field of this name is about one connection, which is the runtime's and not the guest's (RFC 9110 §7.6.1).</summary>
    public static bool IsOfConnection(string name) => OfConnection.Contains(name);
}
