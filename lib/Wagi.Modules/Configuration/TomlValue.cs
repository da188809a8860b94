using System.Collections.Immutable;
using Wagi.Modules.Problems;

namespace Wagi.Modules.Configuration;

/// <summary>A TOML value with the place that it stands at.</summary>
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

/// <summary>A float, boolean or date: no key of <c>modules.toml</c> takes one.</summary>
internal sealed record TomlOther(SourceLocation Location, string Name) : TomlValue(Location)
{
    public override string Kind => Name;
}
