using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Unicode;
using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Outbound;

/// <summary>Headers as the guest hands them over and gets them: lines <c>name:value\n</c>.</summary>
internal static class HeaderLines
{
    /// <summary>
    /// What the connection and the length of the message are about is the runtime's to say (RFC 9110 §7.6.1): a guest that sets it
    /// could smuggle a second request into the connection, or reach a host behind the one that is allowed.
    /// </summary>
    private static readonly HashSet<string> NotForwarded = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Content-Length", "Expect", "Host", "HTTP2-Settings", "Keep-Alive", "Proxy-Authorization", "Proxy-Connection",
        "TE", "Trailer", "Transfer-Encoding", "Upgrade",
    };

    /// <summary>Whether a header of this name is the guest's to set.</summary>
    public static bool IsForwarded(string name) => !NotForwarded.Contains(name);

    /// <summary>UTF-8 to text; false when it is not UTF-8.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> utf8, [NotNullWhen(true)] out string? text)
    {
        text = Utf8.IsValid(utf8) ? Encoding.UTF8.GetString(utf8) : null;
        return text is not null;
    }

    /// <summary>Reads lines; false when one is not a header. Headers that are the runtime's to set are left out.</summary>
    public static bool TryParse(string lines, out List<KeyValuePair<string, string>> headers)
    {
        headers = [];
        var rest = lines.AsSpan();
        while (!rest.IsEmpty)
        {
            var end = rest.IndexOf('\n');
            var line = end < 0 ? rest : rest[..end];
            rest = end < 0 ? default : rest[(end + 1)..];
            if (line.EndsWith('\r'))
            {
                line = line[..^1];
            }

            var colon = line.IndexOf(':');
            if (colon < 0 || !HttpField.IsToken(line[..colon]) || HttpField.HasControl(line[(colon + 1)..]))
            {
                return false;
            }

            var name = line[..colon].ToString();
            if (IsForwarded(name))
            {
                headers.Add(new(name, line[(colon + 1)..].Trim(" \t").ToString()));
            }
        }

        return true;
    }

    /// <summary>Writes lines, names in lower case, values byte for byte as they were received.</summary>
    public static byte[] Format(IEnumerable<KeyValuePair<string, string>> headers)
    {
        var lines = new StringBuilder();
        foreach (var (name, value) in headers)
        {
            lines.Append(name.ToLowerInvariant()).Append(':').Append(value).Append('\n');
        }

        return Encoding.Latin1.GetBytes(lines.ToString());
    }
}
