using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Wagi.Kubernetes.Yaml;

/// <summary>Writes JSON as YAML 1.2 in block style. The same value gives the same text.</summary>
public static partial class YamlWriter
{
    private const int Width = 120;

    /// <summary>The document, without <c>---</c>, with a final newline.</summary>
    public static string Write(JsonNode node)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        var settings = new EmitterSettings(2, Width, isCanonical: false, maxSimpleKeyLength: 1024, skipAnchorName: false, indentSequences: true);
        var emitter = new Emitter(text, settings);
        emitter.Emit(new StreamStart());
        emitter.Emit(new DocumentStart());
        Emit(emitter, node);
        emitter.Emit(new DocumentEnd(isImplicit: true));
        emitter.Emit(new StreamEnd());
        return text.ToString();
    }

    private static void Emit(Emitter emitter, JsonNode? node)
    {
        switch (node)
        {
            case JsonObject json:
                emitter.Emit(new MappingStart(AnchorName.Empty, TagName.Empty, isImplicit: true, MappingStyle.Any));
                foreach (var (key, value) in json)
                {
                    Emit(emitter, key);
                    Emit(emitter, value);
                }

                emitter.Emit(new MappingEnd());
                break;
            case JsonArray json:
                emitter.Emit(new SequenceStart(AnchorName.Empty, TagName.Empty, isImplicit: true, SequenceStyle.Any));
                foreach (var item in json)
                {
                    Emit(emitter, item);
                }

                emitter.Emit(new SequenceEnd());
                break;
            case JsonValue json when json.GetValueKind() == JsonValueKind.String:
                Emit(emitter, json.GetValue<string>());
                break;
            default:
                emitter.Emit(new Scalar(AnchorName.Empty, TagName.Empty, node?.ToJsonString() ?? "null", ScalarStyle.Plain, isPlainImplicit: true, isQuotedImplicit: false));
                break;
        }
    }

    private static void Emit(Emitter emitter, string text)
    {
        var style = LooksLikeAnotherType().IsMatch(text) ? ScalarStyle.DoubleQuoted : ScalarStyle.Any;
        emitter.Emit(new Scalar(AnchorName.Empty, TagName.Empty, text, style, isPlainImplicit: true, isQuotedImplicit: true));
    }

    /// <summary>What YAML 1.1 or 1.2 reads as null, a boolean, a number or a date when it is not quoted.</summary>
    [GeneratedRegex(@"^(~|null|true|false|y|n|yes|no|on|off|[-+.]?[0-9].*|[-+]?\.(inf|nan)|)$", RegexOptions.IgnoreCase)]
    private static partial Regex LooksLikeAnotherType();
}
