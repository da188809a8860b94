namespace Wagi.TestCluster.Registry;

/// <summary>What kind of registry a test wants.</summary>
public sealed record RegistryOptions
{
    /// <summary>Where it listens: on this machine's loopback interface unless set.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>Anonymous unless set.</summary>
    public RegistryAuthentication Authentication { get; init; }

    /// <summary>The one user that may push and pull; of no meaning to an anonymous registry.</summary>
    public string User { get; init; } = "wagi";

    /// <summary>The user's password.</summary>
    public string Password { get; init; } = "correct horse battery staple";

    /// <summary>With token authentication: whether a token for pulling is given to everybody, as for a public repository.</summary>
    public bool AnonymousPull { get; init; }
}
