using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Cgi;

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
