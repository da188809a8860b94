using System.Text;

namespace Wagi.Operator.Planning;

/// <summary>Text of which the API server takes only so much.</summary>
internal static class BoundedText
{
    /// <summary>
    /// The most bytes of the message of a condition or event: what the note of an event may have (<c>events.k8s.io/v1</c> validation). A
    /// condition could have more, but three of them repeat one message.
    /// </summary>
    public const int Message = 1024;

    private const string Ellipsis = "…";

    private static readonly int EllipsisBytes = Encoding.UTF8.GetByteCount(Ellipsis);

    /// <summary>The text, or its beginning with an ellipsis when it has more bytes in UTF-8 than that. No character is cut in two.</summary>
    public static string Shorten(string text, int maxBytes)
    {
        if (Encoding.UTF8.GetByteCount(text) <= maxBytes)
        {
            return text;
        }

        var (length, left) = (0, maxBytes - EllipsisBytes);
        foreach (var rune in text.EnumerateRunes())
        {
            left -= rune.Utf8SequenceLength;
            if (left < 0)
            {
                break;
            }

            length += rune.Utf16SequenceLength;
        }

        return text[..length] + Ellipsis;
    }
}
