namespace Wagi.Oci.Authentication;

/// <summary>The parts of Docker's <c>config.json</c> that concern credentials.</summary>
internal sealed class DockerConfig
{
    public Dictionary<string, DockerAuth?>? Auths { get; init; }

    public Dictionary<string, string?>? CredHelpers { get; init; }

    public string? CredsStore { get; init; }
}
