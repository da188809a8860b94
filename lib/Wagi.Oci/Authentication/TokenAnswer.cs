using System.Text.Json.Serialization;

namespace Wagi.Oci.Authentication;

/// <summary>What a token service answers (CNCF distribution, "Token Authentication Specification" and its OAuth2 variant).</summary>
internal sealed class TokenAnswer
{
    [JsonPropertyName("token")]
    public string? Token { get; init; }

    [JsonPropertyName("access_token")]
    public string? AccessToken { get; init; }

    /// <summary>Seconds that the token lives; 60 if absent.</summary>
    [JsonPropertyName("expires_in")]
    public double? ExpiresIn { get; init; }
}
