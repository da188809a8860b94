namespace Wagi.Operator.Planning;

/// <summary>The kinds of objects that hold values of environment variables.</summary>
internal enum VariableSource
{
    /// <summary>A Secret.</summary>
    Secret,

    /// <summary>A ConfigMap.</summary>
    ConfigMap,
}
