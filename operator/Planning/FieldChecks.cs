using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Wagi.Kubernetes.Resources;
using Wagi.Modules.Configuration;

namespace Wagi.Operator.Planning;

/// <summary>The checks that fields of different kinds have in common. They collect everything that is wrong.</summary>
internal sealed class FieldChecks
{
    /// <summary>Reads a value, or says what is wrong with it.</summary>
    public delegate bool Parser<T>(string text, [NotNullWhen(true)] out T? value, [NotNullWhen(false)] out string? error);

    /// <summary>One sentence for each problem, each with the field's path.</summary>
    public List<string> Problems { get; } = [];

    /// <summary>A number of requests at a time.</summary>
    public int? Concurrency(string field, int? value)
    {
        if (value is < 1 or > SpecLimits.Concurrency)
        {
            Problem(field, $"is {value}; it must be between 1 and {SpecLimits.Concurrency}");
        }

        return value;
    }

    /// <summary>Whether the module is initialized ahead of time; that it is not when the value is none that is known.</summary>
    public Preinitialization Preinitialization(string field, JsonElement? value)
    {
        var text = value switch
        {
            null or { ValueKind: JsonValueKind.Null } => "false",
            { ValueKind: JsonValueKind.String } json => json.GetString() is Preinitializations.WithRandom and var word ? word : "",
            { } json => json.GetRawText(),
        };
        if (!Preinitializations.TryParse(text, out var preinitialization))
        {
            Problem(field, $"must be true, false or {Preinitializations.WithRandom}");
        }

        return preinitialization;
    }

    /// <summary>The name of a Secret or ConfigMap; null when it is none.</summary>
    public string? ObjectName(string field, string? name)
    {
        if (string.IsNullOrEmpty(name) || name.Length > SpecLimits.ObjectNameLength)
        {
            Problem(field, string.IsNullOrEmpty(name) ? "is missing" : $"'{Shorten(name)}' is longer than {SpecLimits.ObjectNameLength} characters");
            return null;
        }

        return name;
    }

    /// <summary>A value that must be there; null when it is not, or cannot be read.</summary>
    public T? Required<T>(string field, string? text, int maxLength, Parser<T> parse, string example)
        where T : class
    {
        if (string.IsNullOrEmpty(text))
        {
            Problem(field, $"is missing: {example}");
            return null;
        }

        return Text(field, text, 1, maxLength) is null ? null : Parse(field, text, parse);
    }

    /// <summary>A value; null when it cannot be read.</summary>
    public T? Parse<T>(string field, string text, Parser<T> parse)
        where T : class
    {
        if (parse(text, out var value, out var error))
        {
            return value;
        }

        Problem(field, error);
        return null;
    }

    /// <summary>Values of which none may be there twice.</summary>
    public ImmutableArray<T> List<T>(string field, IReadOnlyList<string?>? items, int maxItems, int maxLength, Parser<T> parse)
        where T : class
    {
        items ??= [];
        Count(field, items.Count, maxItems);
        var values = ImmutableArray.CreateBuilder<T>();
        for (var i = 0; i < items.Count; i++)
        {
            var itemField = $"{field}[{i}]";
            if (Text(itemField, items[i] ?? "", 1, maxLength) is not { } text || Parse(itemField, text, parse) is not { } value)
            {
                continue;
            }

            if (values.Contains(value))
            {
                Problem(itemField, $"'{text}' is there twice");
            }

            values.Add(value);
        }

        return values.ToImmutable();
    }

    /// <summary>A text within bounds of its length; null when it is missing or outside of them.</summary>
    public string? Text(string field, string? text, int minLength, int maxLength)
    {
        if (text is not null && (text.Length < minLength || text.Length > maxLength))
        {
            Problem(field, text.Length == 0 ? "is empty" : $"has {text.Length} characters; at most {maxLength} are accepted");
            return null;
        }

        return text;
    }

    /// <summary>The number of items of a list.</summary>
    public void Count(string field, int count, int max)
    {
        if (count > max)
        {
            Problem(field, $"has {count} items; at most {max} are accepted");
        }
    }

    /// <summary>What a user typed, short enough for a message.</summary>
    public static string Shorten(string text) => BoundedText.Shorten(text, 64);

    /// <summary>Something is wrong with a field.</summary>
    public void Problem(string field, string message) => Problems.Add($"{field}: {message}");
}
