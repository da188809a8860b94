namespace Wagi.Operator.Planning;

/// <summary>An environment variable whose value is in a Secret or ConfigMap.</summary>
/// <param name="Name">The variable.</param>
/// <param name="Source">Where to look.</param>
/// <param name="Object">Name of the Secret or ConfigMap, in the WagiModule's namespace.</param>
/// <param name="Key">The key in it.</param>
/// <param name="Optional">Whether the module is served without the variable when there is no such object or key.</param>
internal sealed record ReferencedVariable(string Name, VariableSource Source, string Object, string Key, bool Optional);
