namespace Wagi.Operator.Crds;

/// <summary>A column of <c>kubectl get</c>, in the order of the attributes.</summary>
/// <param name="name">Its heading.</param>
/// <param name="type">OpenAPI type of the value, or <c>date</c>, shown as an age.</param>
/// <param name="jsonPath">Where the value stands in the object.</param>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
internal sealed class PrinterColumnAttribute(string name, string type, string jsonPath) : Attribute
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
