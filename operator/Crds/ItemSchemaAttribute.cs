namespace Wagi.Operator.Crds;

/// <summary>What the schema says about every item of an array property.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class ItemSchemaAttribute : SchemaAttribute;
