using System.Collections.Immutable;
using Tomlyn.Model;

namespace Wagi.Spin.Manifests;

/// <summary>The keys of one table of a <c>spin.toml</c>.</summary>
/// <param name="table">The table.</param>
/// <param name="place">What it is, for messages.</param>
internal sealed class Keys(TomlTable table, string place)
{
    /// <summary>The names.</summary>
    public IEnumerable<string> Names => table.Keys;

    /// <summary>Whatever is there; null: nothing.</summary>
    public object? this[string key] => table.TryGetValue(key, out var value) ? value : null;

    /// <exception cref="FormatException">It is not a text.</exception>
    public string? Text(string key) => this[key] switch
    {
        null => null,
        string text => text,
        _ => throw Wrong(key, "a text"),
    };

    /// <exception cref="FormatException">It is not a table.</exception>
    public Keys? Table(string key) => this[key] switch
    {
        null => null,
        TomlTable inner => new Keys(inner, $"'{key}' of {place}"),
        _ => throw Wrong(key, "a table"),
    };

    /// <summary>The tables of a list; one table alone counts as a list of one.</summary>
    /// <exception cref="FormatException">It is something else.</exception>
    public IEnumerable<TomlTable> Tables(string key) => this[key] switch
    {
        null => [],
        TomlTableArray list => list,
        TomlTable one => [one],
        TomlArray array when array.All(item => item is TomlTable) => array.Cast<TomlTable>(),
        _ => throw Wrong(key, "a list of tables"),
    };

    /// <exception cref="FormatException">It is not a list.</exception>
    public IEnumerable<object?> Items(string key) => this[key] switch
    {
        null => [],
        TomlArray array => array,
        TomlTableArray tables => tables,
        _ => throw Wrong(key, "a list"),
    };

    /// <exception cref="FormatException">It is not a list of texts.</exception>
    public ImmutableArray<string> Texts(string key) => this[key] switch
    {
        null => [],
        TomlArray array when array.All(item => item is string) => [.. array.Cast<string>()],
        _ => throw Wrong(key, "a list of texts"),
    };

    /// <exception cref="FormatException">It is not a table of texts.</exception>
    public ImmutableSortedDictionary<string, string> Map(string key)
    {
        var map = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        if (Table(key) is { } inner)
        {
            foreach (var name in inner.Names)
            {
                map[name] = inner.Text(name) ?? "";
            }
        }

        return map.ToImmutable();
    }

    /// <summary>The error for a value of the wrong kind.</summary>
    public FormatException Wrong(string key, string expected) => new($"'{key}' of {place} is not {expected}");
}
