using System.Text.RegularExpressions;

namespace Wagi.Operator.Crds;

/// <summary>The parts of a field's description, which is one text for <c>kubectl explain</c>: <c>TEXT Default: VALUE. Example: VALUE</c>.</summary>
/// <param name="Text">What the field is for.</param>
/// <param name="Default">What holds when it is missing; empty: nothing is said.</param>
/// <param name="Example">A value as it stands in YAML; empty: none.</param>
internal sealed partial record FieldText(string Text, string Default, string Example)
{
    /// <summary>Takes a description apart.</summary>
    public static FieldText Parse(string description)
    {
        var match = Parts().Match(description);
        return new FieldText(match.Groups["text"].Value, match.Groups["default"].Value, match.Groups["example"].Value);
    }

    [GeneratedRegex(@"^(?<text>.*?)( Default: (?<default>.+?)\.(?= Example: |$))?( Example: (?<example>.+))?$")]
    private static partial Regex Parts();
}
