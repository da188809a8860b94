namespace Wagi.Operator.Planning;

/// <summary>Namespace and name of an object.</summary>
public readonly record struct ObjectKey(string Namespace, string Name)
{
    /// <summary>By namespace, then by name.</summary>
    public static IComparer<ObjectKey> Order { get; } = Comparer<ObjectKey>.Create(static (a, b) =>
        string.CompareOrdinal(a.Namespace, b.Namespace) is var byNamespace and not 0 ? byNamespace : string.CompareOrdinal(a.Name, b.Name));

    /// <summary><c>namespace/name</c>.</summary>
    public override string ToString() => $"{Namespace}/{Name}";
}
