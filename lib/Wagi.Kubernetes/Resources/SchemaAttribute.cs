namespace Wagi.Kubernetes.Resources;

/// <summary>What the schema of the CRD says about a property beyond its type (Kubernetes structural schema, OpenAPI v3).</summary>
[AttributeUsage(AttributeTargets.Property)]
public class SchemaAttribute : Attribute
{
    /// <summary>Whether the property must be there.</summary>
    public bool Required { get; init; }

    /// <summary>Regular expression that a text must match; RE2 syntax.</summary>
    public string? Pattern { get; init; }

    /// <summary>Characters of a text at the least; -1: no bound.</summary>
    public int MinLength { get; init; } = -1;

    /// <summary>Characters of a text at the most; -1: no bound.</summary>
    public int MaxLength { get; init; } = -1;

    /// <summary>Items of an array at the least; -1: no bound.</summary>
    public int MinItems { get; init; } = -1;

    /// <summary>Items of an array at the most; -1: no bound.</summary>
    public int MaxItems { get; init; } = -1;

    /// <summary>The least value of a number; -1: no bound.</summary>
    public int Minimum { get; init; } = -1;

    /// <summary>The greatest value of a number; -1: no bound.</summary>
    public int Maximum { get; init; } = -1;

    /// <summary>Format of a text or number instead of the one that its type has.</summary>
    public string? Format { get; init; }

    /// <summary>The only values that it may have: texts, and true and false.</summary>
    public object[]? Enum { get; init; }

    /// <summary>How server-side apply merges an array: <c>atomic</c>, <c>set</c> or <c>map</c>.</summary>
    public string? ListType { get; init; }

    /// <summary>The property that tells the items of a <c>map</c> apart.</summary>
    public string? ListMapKeys { get; init; }
}

/// <summary>What the schema says about every item of an array property.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ItemSchemaAttribute : SchemaAttribute;

/// <summary>
/// A CEL rule (<c>x-kubernetes-validations</c>) for a property or a type. API servers before 1.25 drop it, so the operator checks the
/// same in <c>SpecReader</c>.
/// </summary>
/// <param name="expression">The rule, true when the value is good; <c>self</c> is the value.</param>
/// <param name="message">What the user reads otherwise.</param>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Class, AllowMultiple = true)]
public sealed class RuleAttribute(string expression, string message) : Attribute
{
    /// <summary>The rule.</summary>
    public string Expression { get; } = expression;

    /// <summary>What the user reads when the value is refused.</summary>
    public string Message { get; } = message;
}

/// <summary>A column of <c>kubectl get</c>, in the order of the attributes.</summary>
/// <param name="name">Its heading.</param>
/// <param name="type">OpenAPI type of the value, or <c>date</c>, shown as an age.</param>
/// <param name="jsonPath">Where the value stands in the object.</param>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
public sealed class PrinterColumnAttribute(string name, string type, string jsonPath) : Attribute
{
    /// <summary>Its heading.</summary>
    public string Name { get; } = name;

    /// <summary>OpenAPI type of the value, or <c>date</c>.</summary>
    public string Type { get; } = type;

    /// <summary>Where the value stands in the object.</summary>
    public string JsonPath { get; } = jsonPath;

    /// <summary>What the column shows.</summary>
    public required string Description { get; init; }

    /// <summary>0: always shown; 1: shown with <c>-o wide</c>.</summary>
    public int Priority { get; init; }
}
