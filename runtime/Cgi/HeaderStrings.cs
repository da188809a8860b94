using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Wagi.Runtime.Cgi;

/// <summary>Names and values of header fields that many answers have: they need not become a new string for each.</summary>
internal static class HeaderStrings
{
    /// <summary>The twenty commonest names of what a handler sets, and the values that are the same everywhere.</summary>
    private static readonly string[] Common =
    [
        "Access-Control-Allow-Credentials", "Access-Control-Allow-Headers", "Access-Control-Allow-Methods", "Access-Control-Allow-Origin",
        "Allow", "Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Security-Policy", "ETag", "Expires",
        "Last-Modified", "Link", "Pragma", "Referrer-Policy", "Retry-After", "Set-Cookie", "Strict-Transport-Security", "Vary",
        "WWW-Authenticate", "X-Content-Type-Options", "X-Frame-Options",
        "text/plain", "text/html", "text/css", "text/javascript", "text/event-stream", "application/json", "application/octet-stream",
        "application/problem+json", "image/png", "image/svg+xml", "text/plain; charset=utf-8", "text/plain;charset=utf-8", "text/html; charset=utf-8",
        "text/html;charset=utf-8", "application/json; charset=utf-8", "text/plain; charset=UTF-8", "text/html; charset=UTF-8",
        "no-cache", "no-store", "private", "public, max-age=3600", "nosniff", "DENY", "SAMEORIGIN", "gzip", "br", "identity",
        "Accept-Encoding", "Origin", "*", "true", "0", "no-referrer",
    ];

    private static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<byte>> Known =
        Common.Concat(Common.Where(text => char.IsAsciiLetterUpper(text[0])).Select(text => text.ToLowerInvariant()))
            .ToHashSet(BytesComparer.Instance).GetAlternateLookup<ReadOnlySpan<byte>>();

    /// <summary>Bytes as the server sends them again: in Latin-1.</summary>
    public static string Of(ReadOnlySpan<byte> bytes) => Known.TryGetValue(bytes, out var text) ? text : Encoding.Latin1.GetString(bytes);

    private sealed class BytesComparer : IEqualityComparer<string>, IAlternateEqualityComparer<ReadOnlySpan<byte>, string>
    {
        public static readonly BytesComparer Instance = new();

        public bool Equals(string? x, string? y) => x == y;

        public bool Equals(ReadOnlySpan<byte> alternate, string other) => Ascii.Equals(alternate, other);

        public int GetHashCode([DisallowNull] string text) => Hash(text.Length, text[0], text[^1], text[text.Length / 2]);

        public int GetHashCode(ReadOnlySpan<byte> bytes) => bytes.IsEmpty ? 0 : Hash(bytes.Length, bytes[0], bytes[^1], bytes[bytes.Length / 2]);

        public string Create(ReadOnlySpan<byte> alternate) => Encoding.Latin1.GetString(alternate);

        /// <summary>Enough to tell some dozens of texts from each other.</summary>
        private static int Hash(int length, int first, int last, int middle) => length | (first << 8) | (last << 16) | (middle << 24);
    }
}
