using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Wagi.Kubernetes.ApiServer;

/// <summary>
/// How characters are written in the JSON that the API server receives: as they are, wherever both readings agree. The server reads an applied
/// object as YAML 1.1, to which U+0085, U+2028 and U+2029 are ends of lines, most control characters are errors, and an escaped surrogate
/// pair, which is all that the default encoder writes for an emoji, is an error too (YAML 1.1 §5.1, §5.4, §5.7).
/// </summary>
public sealed class BodyEncoder : JavaScriptEncoder
{
    private const int FirstSupplementary = 0x10000;

    /// <summary>Escapes all control characters, ends of lines and unassigned characters, and otherwise only what JSON must; but it also escapes every surrogate pair.</summary>
    private static readonly JavaScriptEncoder Relaxed = UnsafeRelaxedJsonEscaping;

    private static readonly JsonWriterOptions Options = new() { Encoder = new BodyEncoder() };

    private BodyEncoder()
    {
    }

    /// <inheritdoc/>
    public override int MaxOutputCharactersPerInputCharacter => Relaxed.MaxOutputCharactersPerInputCharacter;

    /// <summary>A document as it is sent. Apart from ASCII's control characters, none takes more than three times its bytes in UTF-8.</summary>
    public static byte[] Encode(JsonObject document)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(bytes, Options))
        {
            document.WriteTo(writer);
        }

        return bytes.WrittenSpan.ToArray();
    }

    /// <inheritdoc/>
    public override bool WillEncode(int unicodeScalar) => unicodeScalar < FirstSupplementary && Relaxed.WillEncode(unicodeScalar);

    /// <inheritdoc/>
    public override unsafe int FindFirstCharacterToEncode(char* text, int textLength)
    {
        var rest = new ReadOnlySpan<char>(text, textLength);
        while (!rest.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(rest, out var rune, out var length) != OperationStatus.Done || WillEncode(rune.Value))
            {
                return textLength - rest.Length;
            }

            rest = rest[length..];
        }

        return -1;
    }

    /// <inheritdoc/>
    public override unsafe bool TryEncodeUnicodeScalar(int unicodeScalar, char* buffer, int bufferLength, out int numberOfCharactersWritten) =>
        Relaxed.TryEncodeUnicodeScalar(unicodeScalar, buffer, bufferLength, out numberOfCharactersWritten);
}
