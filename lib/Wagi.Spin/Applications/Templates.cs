using System.Text.RegularExpressions;

namespace Wagi.Spin.Applications;

/// <summary>Puts the values of variables in the place of <c>{{ name }}</c>.</summary>
/// <param name="variables">The application's variables, with their defaults.</param>
/// <param name="values">What whoever runs the application has set.</param>
internal sealed partial class Templates(IReadOnlyDictionary<string, string?> variables, IReadOnlyDictionary<string, string> values)
{
    /// <summary>The text with its values.</summary>
    /// <param name="text">The template.</param>
    /// <param name="missing">The first variable without a value; null: the result is complete.</param>
    public string Fill(string text, out string? missing)
    {
        string? first = null;
        var filled = Expression().Replace(text, match =>
        {
            var name = match.Groups[1].Value;
            if (variables.TryGetValue(name, out var standard) && (values.GetValueOrDefault(name) ?? standard) is { } value)
            {
                return value;
            }

            first ??= name;
            return match.Value;
        });
        missing = first;
        return filled;
    }

    /// <summary>What is wrong with a variable that has no value.</summary>
    public string Explain(string name) =>
        variables.ContainsKey(name) ? $"the variable '{name}' has no default" : $"there is no variable '{name}'";

    [GeneratedRegex(@"\{\{\s*([^{}\s]*)\s*\}\}")]
    private static partial Regex Expression();
}
