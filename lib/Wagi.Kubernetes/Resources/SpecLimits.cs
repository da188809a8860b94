using Wagi.Modules.Limits;
using Wagi.Modules.Routes;

namespace Wagi.Kubernetes.Resources;

/// <summary>
/// The bounds of a WagiModule's spec, for the schema of the CRD and for the operator's own check alike. They also bound the cost of
/// the CEL rules, which the API server estimates from them and refuses when it is too high.
/// </summary>
public static class SpecLimits
{
    /// <summary>Characters of a route.</summary>
    public const int RouteLength = RoutePattern.MaxLength;

    /// <summary>Hosts of one module.</summary>
    public const int Hosts = 32;

    /// <summary>Characters of a DNS name.</summary>
    public const int HostLength = HostPattern.MaxLength;

    /// <summary>Characters of a module reference.</summary>
    public const int ModuleLength = 1024;

    /// <summary>Pull secrets of one module.</summary>
    public const int ImagePullSecrets = 8;

    /// <summary>Characters of the name of a Secret or ConfigMap.</summary>
    public const int ObjectNameLength = 253;

    /// <summary>Allowed hosts of one module.</summary>
    public const int AllowedHosts = 64;

    /// <summary>Characters of an allowed host: scheme, DNS name and port.</summary>
    public const int AllowedHostLength = 300;

    /// <summary>Characters of the name of an exported function.</summary>
    public const int EntrypointLength = 256;

    /// <summary>Characters of the argument template.</summary>
    public const int ArgvLength = 4096;

    /// <summary>Environment variables of one module.</summary>
    public const int Environment = 128;

    /// <summary>Characters of the name of an environment variable.</summary>
    public const int EnvironmentNameLength = 128;

    /// <summary>Characters of the value of an environment variable.</summary>
    public const int EnvironmentValueLength = 32768;

    /// <summary>Characters of a key in a Secret or ConfigMap.</summary>
    public const int KeyLength = 253;

    /// <summary>Characters of a duration or size.</summary>
    public const int QuantityLength = 32;

    /// <summary>Requests in flight at the most.</summary>
    public const int Concurrency = 100_000;

    /// <summary>Characters of a Bindle server's URL.</summary>
    public const int UrlLength = 1024;
}
