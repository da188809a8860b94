using System.Text.Json.Serialization;

namespace Wagi.Oci.Authentication;

/// <summary>What <c>docker-credential-NAME get</c> prints.</summary>
internal sealed class HelperAnswer
{
    [JsonPropertyName("Username")]
    public string? Username { get; init; }

    [JsonPropertyName("Secret")]
    public string? Secret { get; init; }
}
