using Tomlyn.Model;
using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace Wagi.Modules.Toml;

/// <summary>
/// Reads TOML of any kind into tables. Tomlyn's own reader loses the first elements of a <c>[[parcel]]</c> list when a <c>[[group]]</c> comes
/// between them.
/// </summary>
public static class TomlTables
{
    /// <summary>The tables of a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="source">Where it came from, for messages: a file or a URL.</param>
    /// <exception cref="FormatException">It is not TOML; the message says where and why.</exception>
    public static TomlTable Read(string text, string source)
    {
        ArgumentNullException.ThrowIfNull(text);

        // Without its validation, which mistakes keys of two [[parcel]] for the same one when the first has dots and the second is a table.
        var syntax = SyntaxParser.Parse(text, source, validate: false);
        foreach (var wrong in syntax.Diagnostics)
        {
            throw Failure(source, wrong.Span, wrong.Message);
        }

        var root = new TomlTable();
        ReadItems(syntax.KeyValues, root, source);
        foreach (var table in syntax.Tables)
        {
            var path = PathOf(table.Name);
            var parent = Descend(root, path.AsSpan(0, path.Length - 1), source, table.Span);
            ReadItems(table.Items, table is TableArraySyntax ? Append(parent, path[^1], source, table.Span) : Descend(parent, path.AsSpan(path.Length - 1), source, table.Span), source);
        }

        return root;
    }

    private static void ReadItems(IEnumerable<KeyValueSyntax> items, TomlTable table, string source)
    {
        foreach (var item in items)
        {
            var path = PathOf(item.Key);
            var target = Descend(table, path.AsSpan(0, path.Length - 1), source, item.Span);
            if (!target.TryAdd(path[^1], ValueOf(item.Value, source)))
            {
                throw Failure(source, item.Span, $"key '{path[^1]}' is there twice");
            }
        }
    }

    private static TomlTable Descend(TomlTable table, ReadOnlySpan<string> path, string source, SourceSpan place)
    {
        foreach (var key in path)
        {
            if (!table.TryGetValue(key, out var value))
            {
                table[key] = value = new TomlTable();
            }

            // A list of tables stands for its last one.
            table = value switch
            {
                TomlTable inner => inner,
                TomlTableArray { Count: > 0 } list => list[list.Count - 1],
                _ => throw Failure(source, place, $"'{key}' is a value and cannot hold keys"),
            };
        }

        return table;
    }

    private static TomlTable Append(TomlTable parent, string key, string source, SourceSpan place)
    {
        if (!parent.TryGetValue(key, out var value))
        {
            parent[key] = value = new TomlTableArray();
        }

        var list = value as TomlTableArray ?? throw Failure(source, place, $"'{key}' is a list of tables here and something else before");
        var added = new TomlTable();
        list.Add(added);
        return added;
    }

    private static object ValueOf(ValueSyntax? value, string source)
    {
        switch (value)
        {
            case StringValueSyntax text:
                return text.Value ?? "";
            case IntegerValueSyntax integer:
                return integer.Value;
            case BooleanValueSyntax boolean:
                return boolean.Value;
            case ArraySyntax array:
                var items = new TomlArray();
                foreach (var item in array.Items)
                {
                    items.Add(ValueOf(item.Value, source));
                }

                return items;
            case InlineTableSyntax inline:
                var table = new TomlTable();
                ReadItems(inline.Items.Select(item => item.KeyValue).OfType<KeyValueSyntax>(), table, source);
                return table;
            default:
                // Fractions and dates: no key of an invoice, or of a spin.toml, takes one.
                return 0d;
        }
    }

    private static FormatException Failure(string source, SourceSpan place, string message) =>
        new($"{source}:{place.Start.Line + 1}:{place.Start.Column + 1}: this is not TOML: {message.TrimEnd('.')}");

    private static string[] PathOf(KeySyntax? key) => key is null ? [""] : [NameOf(key.Key), .. key.DotKeys.Select(dotted => NameOf(dotted.Key))];

    private static string NameOf(BareKeyOrStringValueSyntax? key) => key switch
    {
        BareKeySyntax bare => bare.Key?.Text ?? "",
        StringValueSyntax text => text.Value ?? "",
        _ => "",
    };
}
