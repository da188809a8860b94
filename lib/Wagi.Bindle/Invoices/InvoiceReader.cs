using System.Collections.Immutable;
using Tomlyn.Model;
using Wagi.Bindle.Errors;
using Wagi.Bindle.References;
using Wagi.Modules.Toml;

namespace Wagi.Bindle.Invoices;

/// <summary>
/// Reads <c>invoice.toml</c>. A parcel with a faulty description is left out and reported; only a fault that makes the whole invoice useless
/// is an error. The keys are those of Bindle's specification; WAGI's documentation spells them with underscores, which is read as well.
/// </summary>
public static class InvoiceReader
{
    /// <summary>Reads the text of an invoice.</summary>
    /// <param name="text">The TOML.</param>
    /// <param name="source">Where it came from, for messages: a file or a URL.</param>
    /// <exception cref="BindleException"><see cref="BindleErrorKind.InvalidInvoice"/>: it is not one; the message says where and why.</exception>
    public static Invoice Read(string text, string source)
    {
        ArgumentNullException.ThrowIfNull(text);
        TomlTable root;
        try
        {
            root = TomlTables.Read(text, source);
        }
        catch (FormatException exception)
        {
            throw new BindleException(BindleErrorKind.InvalidInvoice, exception.Message, exception);
        }

        try
        {
            return Read(root);
        }
        catch (FormatException exception)
        {
            throw new BindleException(BindleErrorKind.InvalidInvoice, $"{source}: this is not an invoice: {exception.Message}", exception);
        }
    }

    /// <summary>Reads the invoice of a bindle that was asked for.</summary>
    /// <param name="text">The TOML.</param>
    /// <param name="name">The bindle that it should belong to.</param>
    /// <param name="location">Where it is kept, for messages.</param>
    /// <exception cref="BindleException"><see cref="BindleErrorKind.InvalidInvoice"/>: it is not one, or it belongs to another bindle.</exception>
    public static Invoice Read(string text, BindleName name, string location)
    {
        var source = $"bindle {name} of {location}";
        var invoice = Read(text, source);
        return invoice.Name == name
            ? invoice
            : throw new BindleException(BindleErrorKind.InvalidInvoice, $"{source}: its invoice is that of '{invoice.Name}'");
    }

    private static Invoice Read(TomlTable root)
    {
        var version = OptionalText(root, "bindleVersion", "bindle_version") ?? throw new FormatException("'bindleVersion' is missing");
        if (version != "1.0.0" && !version.StartsWith("1.", StringComparison.Ordinal))
        {
            throw new FormatException($"'bindleVersion' is '{version}', and 1.0.0 is what can be read");
        }

        var bindle = Table(root, "bindle") ?? throw new FormatException("'[bindle]' with name and version is missing");
        var full = $"{Text(bindle, "name", "bindle.name")}/{Text(bindle, "version", "bindle.version")}";
        if (!BindleName.TryParse(full, out var name, out var error))
        {
            throw new FormatException(error);
        }

        var parcels = ImmutableArray.CreateBuilder<Parcel>();
        var unusable = ImmutableArray.CreateBuilder<string>();
        foreach (var (table, number) in Tables(root, "parcel").Select((table, index) => (table, index + 1)))
        {
            try
            {
                parcels.Add(ReadParcel(table));
            }
            catch (FormatException wrong)
            {
                unusable.Add($"parcel {number}{NameOf(table)}: {wrong.Message}");
            }
        }

        return new Invoice
        {
            Name = name,
            IsYanked = root.TryGetValue("yanked", out var yanked) && yanked is true,
            Groups = [.. Tables(root, "group").Select(group => OptionalText(group, "name")).OfType<string>()],
            Parcels = parcels.ToImmutable(),
            UnusableParcels = unusable.ToImmutable(),
        };
    }

    private static Parcel ReadParcel(TomlTable table)
    {
        var label = Table(table, "label") ?? throw new FormatException("'label' is missing");
        var sha256 = Text(label, "sha256", "label.sha256");
        if (sha256.Length != 64 || !sha256.All(char.IsAsciiHexDigit))
        {
            throw new FormatException($"'label.sha256' is '{sha256}' and should be 64 hexadecimal digits");
        }

        var wagi = Table(label, "feature") is { } features ? Table(features, "wagi") : null;
        var conditions = Table(table, "conditions") ?? [];
        return new Parcel(
            new Label
            {
                Sha256 = sha256.ToLowerInvariant(),
                MediaType = OptionalText(label, "mediaType", "media_type") ?? throw new FormatException("'label.mediaType' is missing"),
                Name = OptionalText(label, "name") ?? "",
                Size = label.TryGetValue("size", out var size) && size is long bytes ? bytes : null,
                Wagi = wagi is null
                    ? ImmutableSortedDictionary<string, string>.Empty
                    : wagi.ToImmutableSortedDictionary(
                        pair => pair.Key, pair => AsText(pair.Value, $"label.feature.wagi.{pair.Key}"), StringComparer.Ordinal),
            },
            Texts(conditions, "memberOf", "member_of"),
            Texts(conditions, "requires"));
    }

    private static string NameOf(TomlTable parcel) =>
        parcel.TryGetValue("label", out var value) && value is TomlTable label && label.TryGetValue("name", out var name) && name is string text
            ? $" ('{text}')"
            : "";

    private static TomlTable? Table(TomlTable table, string key) => table.TryGetValue(key, out var value)
        ? value as TomlTable ?? throw new FormatException($"'{key}' should be a table")
        : null;

    private static IEnumerable<TomlTable> Tables(TomlTable table, string key) => table.TryGetValue(key, out var value)
        ? value switch
        {
            TomlTableArray tables => tables,
            TomlArray array when array.All(item => item is TomlTable) => array.OfType<TomlTable>(),
            _ => throw new FormatException($"'{key}' should be a list of tables: [[{key}]]"),
        }
        : [];

    private static ImmutableArray<string> Texts(TomlTable table, params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
        {
            if (table.TryGetValue(key, out var value))
            {
                return value is TomlArray array
                    ? [.. array.Select(item => AsText(item, $"conditions.{key}"))]
                    : throw new FormatException($"'conditions.{key}' should be a list of group names");
            }
        }

        return [];
    }

    private static string Text(TomlTable table, string key, string path) =>
        OptionalText(table, key) ?? throw new FormatException($"'{path}' is missing");

    private static string? OptionalText(TomlTable table, params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
        {
            if (table.TryGetValue(key, out var value))
            {
                return AsText(value, key);
            }
        }

        return null;
    }

    private static string AsText(object? value, string path) => value as string ?? throw new FormatException($"'{path}' should be a string");
}
