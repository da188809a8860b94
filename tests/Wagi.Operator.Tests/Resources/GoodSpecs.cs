using Wagi.Kubernetes.Resources;

namespace Wagi.Operator.Tests.Resources;

/// <summary>The bounds themselves, and every way to write a value: an API server has to take them, and so has the operator.</summary>
public static class GoodSpecs
{
    public static TheoryData<string> All =>
    [
        "route: /a/...",
        "route: /...",
        "timeout: 1ms",
        "timeout: 24h",
        "timeout: 86400s",
        "timeout: 86400000ms",
        "timeout: 1m30s",
        "timeout: 1.5s",
        "timeout: 000030s",
        "timeout: 0.001000000000000000000000s",
        "memoryLimit: 64Ki",
        "memoryLimit: 4Gi",
        "memoryLimit: '4294967296'",
        "memoryLimit: 66k",
        "memoryLimit: 4G",
        "preinitialize: true",
        "preinitialize: false",
        "preinitialize: with-random",
        "passAuthorization: true",
        "compress: true",
        "rateLimit: 1/s",
        "rateLimit: 999999/h",
        "allowedHosts: ['http://[::1]:8080', 'https://[2001:db8::a]', 'http://192.0.2.1', 'https://api.example.com:8443/']",
        "env: [{name: A, value: x}, {name: B, valueFrom: {secretKeyRef: {name: s, key: k, optional: true}}}]",
        "module: 'bindle:a/b/1.0.0'",
        "{module: 'bindle:a/b/1.0.0', bindleServer: 'https://bindle.example.com/v1'}",
    ];

    /// <summary>A whole WagiModule with these fields in its spec.</summary>
    public static string Manifest(string spec)
    {
        var fields = spec.TrimStart('{').TrimEnd('}') is var inner && spec.StartsWith('{') ? inner : spec;
        var route = fields.Contains("route:", StringComparison.Ordinal) ? "" : "route: /a, ";
        var module = fields.Contains("module:", StringComparison.Ordinal) ? "" : "module: r.example/a, ";
        return $"apiVersion: wagi.dev/v1alpha1\nkind: WagiModule\nmetadata: {{name: good}}\nspec: {{{route}{module}{fields}}}\n";
    }
}
