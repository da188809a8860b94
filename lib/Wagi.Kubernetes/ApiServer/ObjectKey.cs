namespace Wagi.Kubernetes.ApiServer;

/// <summary>Namespace and name of an object; the namespace is empty for objects of the cluster.</summary>
public readonly record struct ObjectKey(string Namespace, string Name)
{
    /// <summary>By namespace, then by name.</summary>
    public static IComparer<ObjectKey> Order { get; } = Comparer<ObjectKey>.Create(static (a, b) =>
        string.CompareOrdinal(a.Namespace, b.Namespace) is var byNamespace and not 0 ? byNamespace : string.CompareOrdinal(a.Name, b.Name));

    /// <summary><c>namespace/name</c>.</summary>
    public override string ToString() => $"{Namespace}/{Name}";
}

/// <summary>What an informer must know of an object, whatever its kind.</summary>
/// <param name="Key">Namespace and name.</param>
/// <param name="ResourceVersion">Opaque; two equal ones mean the same content.</param>
public readonly record struct ObjectIdentity(ObjectKey Key, string ResourceVersion);
