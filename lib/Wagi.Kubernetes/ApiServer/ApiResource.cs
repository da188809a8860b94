namespace Wagi.Kubernetes.ApiServer;

/// <summary>One resource of the Kubernetes API and where it is found.</summary>
/// <param name="Group">API group; empty for the core group.</param>
/// <param name="Version">API version: <c>v1</c>.</param>
/// <param name="Plural">Name in URLs and RBAC rules: <c>configmaps</c>.</param>
/// <param name="Kind">Name in manifests: <c>ConfigMap</c>.</param>
public sealed record ApiResource(string Group, string Version, string Plural, string Kind)
{
    public static ApiResource ConfigMaps { get; } = new("", "v1", "configmaps", "ConfigMap");

    public static ApiResource Secrets { get; } = new("", "v1", "secrets", "Secret");

    public static ApiResource Pods { get; } = new("", "v1", "pods", "Pod");

    public static ApiResource Namespaces { get; } = new("", "v1", "namespaces", "Namespace");

    public static ApiResource Events { get; } = new("", "v1", "events", "Event");

    public static ApiResource Leases { get; } = new("coordination.k8s.io", "v1", "leases", "Lease");

    /// <summary><c>apiVersion</c> of a manifest.</summary>
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>Path of the collection, of one namespace or (null) of all.</summary>
    public string PathOf(string? @namespace)
    {
        var root = Group.Length == 0 ? $"api/{Version}" : $"apis/{Group}/{Version}";
        return @namespace is null ? $"{root}/{Plural}" : $"{root}/namespaces/{Uri.EscapeDataString(@namespace)}/{Plural}";
    }

    /// <summary>Path of one object; one without a namespace has an empty one.</summary>
    public string PathOf(ObjectKey key) => $"{PathOf(key.Namespace.Length == 0 ? null : key.Namespace)}/{Uri.EscapeDataString(key.Name)}";
}
