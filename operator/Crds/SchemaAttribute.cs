namespace Wagi.Operator.Crds;

/// <summary>What the schema of the CRD says about a property beyond its type (Kubernetes structural schema, OpenAPI v3).</summary>
[AttributeUsage(AttributeTargets.Property)]
internal class SchemaAttribute : Attribute
{
    /// <summary>Whether the property must be there.</summary>
    public bool Required { get; init; }

    /// <summary>Regular expression that a text must match; RE2 syntax.</summary>
    public string? Pattern { get; init; }

    /// <summary>Characters of a text at the least; -1: no bound.</summary>
    public int MinLength { get; init; } = -1;

    /// <summary>Characters of a text at the most; -1: no bound.</summary>
    public int MaxLength { get; init; } = -1;

    /// <summary>Items of an array at the most; -1: no bound.</summary>
    public int MaxItems { get; init; } = -1;

    /// <summary>The least value of a number; -1: no bound.</summary>
    public int Minimum { get; init; } = -1;

    /// <summary>The greatest value of a number; -1: no bound.</summary>
    public int Maximum { get; init; } = -1;

    /// <summary>Format of a text or number instead of the one that its type has.</summary>
    public string? Format { get; init; }

    /// <summary>The only values that a text may have.</summary>
    public string[]? Enum { get; init; }

    /// <summary>How server-side apply merges an array: <c>atomic</c>, <c>set</c> or <c>map</c>.</summary>
    public string? ListType { get; init; }

    /// <summary>The property that tells the items of a <c>map</c> apart.</summary>
    public string? ListMapKeys { get; init; }
}
