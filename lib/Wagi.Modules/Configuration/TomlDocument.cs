using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Tomlyn;
using Tomlyn.Parsing;
using Tomlyn.Syntax;
using Wagi.Modules.Problems;

namespace Wagi.Modules.Configuration;

/// <summary>
/// The <c>[[module]]</c> tables of a TOML text. A text that is not well-formed still gives the tables without errors.
/// </summary>
internal sealed class TomlDocument
{
    /// <summary>Errors reported for one table; the others are mostly the same mistake, seen from further down.</summary>
    private const int MaxSyntaxErrors = 3;

    private readonly string _file;
    private readonly List<Problem> _problems = [];
    private readonly List<TomlTableValue> _modules = [];
    private readonly HashSet<TomlTableValue> _broken = new(ReferenceEqualityComparer.Instance);

    /// <summary>How many lines of the file stand before the text that is being parsed.</summary>
    private int _linesBefore;

    private TomlDocument(string file) => _file = file;

    public bool HasSyntaxErrors { get; private set; }

    public IReadOnlyList<Problem> Problems => _problems;

    public IEnumerable<TomlTableValue> Modules => _modules.Where(module => !_broken.Contains(module));

    public static TomlDocument Parse(string text, string file)
    {
        var document = new TomlDocument(file);
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            document.AddError(new SourceLocation(file, 1, 1), "this is not a text file", "modules.toml is TOML; a module itself is named in it");
            return document;
        }

        if (document.Parse(text, out _) is { HasErrors: false } syntax)
        {
            document.ReadTables(syntax);
            return document;
        }

        // One error can swallow the rest of the text (a quote that is not closed), so each table is read separately.
        foreach (var (part, linesBefore) in SplitAtTables(text))
        {
            document._linesBefore = linesBefore;
            if (document.Parse(part, out var failure) is { } partSyntax)
            {
                document.ReadTables(partSyntax);
                document.ReadDiagnostics(partSyntax, part.Split('\n'));
            }
            else
            {
                document.AddError(document.Locate(failure!), FirstSentence(failure!.Message), null);
            }
        }

        return document;
    }

    /// <summary>
    /// Tolerant, with our own check for duplicate keys: the strict parser stops at the first error. Null when this one gives up as
    /// well; it bounds the depth of what it reads (64), so that no text overflows the stack.
    /// </summary>
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "whatever the parser throws is a problem of the text")]
    private DocumentSyntax? Parse(string text, out Exception? failure)
    {
        try
        {
            failure = null;
            return SyntaxParser.Parse(text, _file, validate: false);
        }
        catch (Exception exception)
        {
            failure = exception;
            return null;
        }
    }

    /// <summary>Cuts before every line that begins with <c>[[</c>.</summary>
    private static IEnumerable<(string Part, int LinesBefore)> SplitAtTables(string text)
    {
        var lines = text.Split('\n');
        var start = 0;
        for (var i = 1; i <= lines.Length; i++)
        {
            if (i == lines.Length || lines[i].TrimStart().StartsWith("[[", StringComparison.Ordinal))
            {
                yield return (string.Join('\n', lines[start..i]), start);
                start = i;
            }
        }
    }

    private void ReadTables(DocumentSyntax syntax)
    {
        foreach (var pair in syntax.KeyValues)
        {
            if (Path(pair.Key)[0] != DevelopmentSection.Name)
            {
                WarnUnknown(pair, Path(pair.Key)[0]);
            }
        }

        foreach (var table in syntax.Tables)
        {
            ReadTable(table);
        }
    }

    private void ReadTable(TableSyntaxBase table)
    {
        if (table.Name is null)
        {
            return;
        }

        var path = Path(table.Name);
        if (path is ["module"] && table is TableArraySyntax)
        {
            var module = new TomlTableValue(Locate(table));
            _modules.Add(module);
            ReadItems(table.Items, module);
        }
        else if (path is ["module"])
        {
            AddError(Locate(table), "[module] is a single table", "write [[module]]: one for every module");
        }
        else if (path is ["module", .. var rest] && _modules.Count > 0 && table is TableSyntax)
        {
            var target = Descend(_modules[^1], rest, Locate(table));
            if (target is not null)
            {
                ReadItems(table.Items, target);
            }
        }
        else if (path is not [DevelopmentSection.Name] || table is TableArraySyntax)
        {
            WarnUnknown(table, string.Join('.', path));
        }
    }

    private void WarnUnknown(SyntaxNode node, string name) => _problems.Add(new Problem(
        Locate(node), ProblemSeverity.Warning, $"'{name}' is not part of modules.toml and is ignored", "modules are listed as [[module]]"));

    private void ReadItems(IEnumerable<KeyValueSyntax> items, TomlTableValue table)
    {
        foreach (var item in items)
        {
            if (item.Key is null)
            {
                continue;
            }

            var path = Path(item.Key);
            var location = Locate(item);
            var target = path.Length == 1 ? table : Descend(table, path.AsSpan(0, path.Length - 1), location);
            if (target is null)
            {
                continue;
            }

            if (!target.Values.TryAdd(path[^1], ReadValue(item.Value, location)))
            {
                AddError(location, $"key '{path[^1]}' is there twice", "keep one of them");
            }
        }
    }

    private TomlTableValue? Descend(TomlTableValue table, ReadOnlySpan<string> path, SourceLocation location)
    {
        foreach (var key in path)
        {
            if (!table.Values.TryGetValue(key, out var value))
            {
                table.Values[key] = value = new TomlTableValue(location);
            }

            if (value is not TomlTableValue inner)
            {
                AddError(location, $"'{key}' is {value.Kind} and cannot hold keys", null);
                return null;
            }

            table = inner;
        }

        return table;
    }

    private TomlValue ReadValue(ValueSyntax? value, SourceLocation keyLocation)
    {
        var location = value is null ? keyLocation : Locate(value);
        switch (value)
        {
            case StringValueSyntax text:
                return new TomlText(location, text.Value ?? "");
            case IntegerValueSyntax integer:
                return new TomlInteger(location, integer.Value);
            case ArraySyntax array:
                return new TomlArrayValue(location, [.. array.Items.Select(item => ReadValue(item.Value, location))]);
            case InlineTableSyntax inline:
                var table = new TomlTableValue(location);
                ReadItems(inline.Items.Where(item => item.KeyValue is not null).Select(item => item.KeyValue!), table);
                return table;
            case FloatValueSyntax:
                return new TomlOther(location, "a float");
            case BooleanValueSyntax boolean:
                return new TomlBoolean(location, boolean.Value);
            case null:
                return new TomlOther(location, "missing");
            default:
                return new TomlOther(location, "a date");
        }
    }

    private void ReadDiagnostics(DocumentSyntax syntax, string[] lines)
    {
        foreach (var diagnostic in syntax.Diagnostics.DistinctBy(diagnostic => diagnostic.Span.Start.Line).Take(MaxSyntaxErrors))
        {
            AddError(
                new SourceLocation(_file, _linesBefore + diagnostic.Span.Start.Line + 1, diagnostic.Span.Start.Column + 1),
                diagnostic.Message.TrimEnd('.'),
                HintAt(lines[Math.Min(diagnostic.Span.Start.Line, lines.Length - 1)]));
        }
    }

    /// <summary>The most frequent mistake is a text without quotes.</summary>
    private static string? HintAt(string line)
    {
        const int Longest = 100;
        var parts = line.Length > Longest ? [] : line.Split('=', 2, StringSplitOptions.TrimEntries);
        return parts is not [var key, [var first, ..] value] || !char.IsAsciiLetterOrDigit(first) || value.Any(character => "\"'[]{}#".Contains(character, StringComparison.Ordinal)) ? null
            : ModuleKeys.Switches.Contains(key) ? $"'{key}' is true or false"
            : key == ModuleKeys.Preinitialize ? $"'{key}' is {Preinitializations.Values}"
            : $"a text stands in quotes: {key} = \"{value}\"";
    }

    /// <summary>A syntax error, which makes the table that contains it unusable, and no other.</summary>
    private void AddError(SourceLocation location, string message, string? hint)
    {
        HasSyntaxErrors = true;
        _problems.Add(new Problem(location, ProblemSeverity.Error, message, hint));
        var owner = _modules.LastOrDefault(module => module.Location.Line <= location.Line);
        if (owner is not null)
        {
            _broken.Add(owner);
        }
    }

    private SourceLocation Locate(SyntaxNodeBase node) =>
        new(_file, _linesBefore + node.Span.Start.Line + 1, node.Span.Start.Column + 1);

    /// <summary>Where the parser gave up; the beginning of the table where it does not say.</summary>
    private SourceLocation Locate(Exception failure) => failure is TomlException { Line: { } line, Column: { } column }
        ? new(_file, _linesBefore + line, column)
        : new(_file, _linesBefore + 1, 1);

    /// <summary>What follows the first sentence is for who calls the parser.</summary>
    private static string FirstSentence(string message) => message.Split(". ")[0].TrimEnd('.');

    private static string[] Path(KeySyntax? key) =>
        key is null ? [""] : [Name(key.Key), .. key.DotKeys.Select(dotted => Name(dotted.Key))];

    private static string Name(BareKeyOrStringValueSyntax? key) => key switch
    {
        BareKeySyntax bare => bare.Key?.Text ?? "",
        StringValueSyntax text => text.Value ?? "",
        _ => "",
    };
}

/// <summary>A TOML value and its place.</summary>
internal abstract record TomlValue(SourceLocation Location)
{
    /// <summary>What it is, for messages.</summary>
    public abstract string Kind { get; }
}

internal sealed record TomlText(SourceLocation Location, string Value) : TomlValue(Location)
{
    public override string Kind => "a string";
}

internal sealed record TomlInteger(SourceLocation Location, long Value) : TomlValue(Location)
{
    public override string Kind => "an integer";
}

internal sealed record TomlArrayValue(SourceLocation Location, ImmutableArray<TomlValue> Items) : TomlValue(Location)
{
    public override string Kind => "an array";
}

/// <summary>An inline table, a <c>[module.key]</c> table, or keys with dots.</summary>
internal sealed record TomlTableValue(SourceLocation Location) : TomlValue(Location)
{
    public override string Kind => "a table";

    public Dictionary<string, TomlValue> Values { get; } = new(StringComparer.Ordinal);
}

internal sealed record TomlBoolean(SourceLocation Location, bool Value) : TomlValue(Location)
{
    public override string Kind => "a boolean";
}

/// <summary>A float or date: no key of <c>modules.toml</c> takes one.</summary>
internal sealed record TomlOther(SourceLocation Location, string Name) : TomlValue(Location)
{
    public override string Kind => Name;
}
