namespace Wagi.TestCluster.Registry;

/// <summary>How a <see cref="RegistryServer"/> recognizes its users.</summary>
public enum RegistryAuthentication
{
    /// <summary>Everybody may push and pull.</summary>
    Anonymous,

    /// <summary>HTTP Basic (RFC 7617), checked by the registry itself against an htpasswd file.</summary>
    Basic,

    /// <summary>Bearer tokens from a <see cref="Registry.TokenServer"/>, as Docker Hub, GHCR and Harbor do.</summary>
    Token,
}
