using Wagi.Kubernetes.Resources;

namespace Wagi.Runtime.Cluster;

/// <summary>How a person reaches a module that is served.</summary>
internal static class ModuleAddress
{
    private const string Service = "wagi-runtime";

    private const string ServiceNamespace = "wagi-system";

    /// <summary>The way through <c>kubectl port-forward</c>; null: <c>status.url</c> is an address for everybody.</summary>
    public static string? Forwarding(WagiModule module)
    {
        if (module.Status?.Url is not { } text || !Uri.TryCreate(text, UriKind.Absolute, out var url))
        {
            return Forwarding(module, ServiceNamespace, Service, 80, (module.Spec.Route ?? "/").Replace("/...", "/", StringComparison.Ordinal));
        }

        // The chart's default: the Service's own name, which is known inside of the cluster only.
        return url.Host.Split('.') is [{ } service, { } @namespace] && service.EndsWith("-runtime", StringComparison.Ordinal)
            ? Forwarding(module, @namespace, service, url.Port, url.AbsolutePath)
            : null;
    }

    private static string Forwarding(WagiModule module, string @namespace, string service, int port, string path)
    {
        var host = module.Spec.Hosts?.OfType<string>().FirstOrDefault() is { } named ? $"--header 'Host: {named.Replace("*", "any", StringComparison.Ordinal)}' " : "";
        return $"kubectl --namespace {@namespace} port-forward service/{service} 3000:{port} &\ncurl {host}http://127.0.0.1:3000{path}";
    }
}
