using System.Text.Json.Serialization;

namespace Wagi.Oci.Authentication;

/// <summary>One entry below <c>auths</c>.</summary>
internal sealed class DockerAuth
{
    /// <summary>Base64 of <c>user:password</c>; wins over the two separate fields.</summary>
    public string? Auth { get; init; }

    public string? Username { get; init; }

    public string? Password { get; init; }

    [JsonPropertyName("identitytoken")]
    public string? IdentityToken { get; init; }

    [JsonPropertyName("registrytoken")]
    public string? RegistryToken { get; init; }
}
