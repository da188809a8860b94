using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Wagi.Modules.Retries;
using Wagi.Oci.Authentication;
using Wagi.Oci.Errors;

namespace Wagi.Oci.Remote;

/// <summary>
/// Fetches bearer tokens: GET with basic credentials (CNCF distribution, "Token Authentication Specification"),
/// or POST with a refresh token ("Token Authentication with OAuth2").
/// </summary>
internal sealed class TokenService(Transport transport, TimeProvider time)
{
    private const int MaxAnswer = 1024 * 1024;

    // The specification's lifetime for answers without expires_in.
    private static readonly TimeSpan DefaultLife = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan LongestLife = TimeSpan.FromDays(1);

    /// <summary>A token for <paramref name="scopes"/>.</summary>
    /// <param name="challenge">The bearer challenge with realm and service.</param>
    /// <param name="scopes">What the token should allow: <c>repository:name:pull</c>.</param>
    /// <param name="credential">Who is asking; anonymous if null.</param>
    /// <param name="request">The request that was challenged.</param>
    /// <param name="cancellationToken">Ends the exchange.</param>
    public async Task<Authorization> FetchAsync(
        Challenge challenge,
        IReadOnlyList<string> scopes,
        Credential? credential,
        RegistryRequest request,
        CancellationToken cancellationToken)
    {
        var realm = Realm(challenge, request);
        challenge.Parameters.TryGetValue("service", out var service);
        var asked = time.GetUtcNow();
        using var response = await transport.SendAsync(
            credential?.IdentityToken is { } refreshToken
                ? Post(realm, service, scopes, refreshToken, request.Subject)
                : Get(realm, service, scopes, credential, request.Subject),
            cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            throw Refused(realm, response, credential is not null, request.Subject);
        }

        var body = await BoundedBody.ReadAsync(transport, response, request.Subject, MaxAnswer, "token answer", cancellationToken);
        var answer = Read(body.Span, realm, request.Subject);
        var token = !string.IsNullOrEmpty(answer.Token) ? answer.Token : answer.AccessToken;
        if (string.IsNullOrEmpty(token) || token.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            throw new OciException(OciErrorKind.Protocol, $"{request.Subject}: the token service {Transport.Display(realm)} answered without a usable token");
        }

        var life = answer.ExpiresIn is > 0 and var seconds ? TimeSpan.FromSeconds(Math.Min(seconds, LongestLife.TotalSeconds)) : DefaultLife;
        // Counted from before the request and cut short, so that no request is sent with a token that is about to expire.
        return new Authorization(new AuthenticationHeaderValue("Bearer", token), asked + (life * 0.9));
    }

    private Uri Realm(Challenge challenge, RegistryRequest request)
    {
        if (!challenge.Parameters.TryGetValue("realm", out var text) || !Uri.TryCreate(text, UriKind.Absolute, out var realm)
            || (realm.Scheme != Uri.UriSchemeHttps && realm.Scheme != Uri.UriSchemeHttp))
        {
            throw new OciException(OciErrorKind.Protocol, $"{request.Subject}: the registry asks for a token but names no token service (realm) in WWW-Authenticate");
        }

        // Credentials go to the realm: a registry behind TLS must not have them sent in the clear.
        if (realm.Scheme == Uri.UriSchemeHttp && request.Uri.Scheme == Uri.UriSchemeHttps && !transport.Endpoint.MayBePlain(realm))
        {
            throw new OciException(
                OciErrorKind.Protocol,
                $"{request.Subject}: the registry's token service {Transport.Display(realm)} is not HTTPS; if that is meant, declare {realm.Authority} an insecure registry");
        }

        return realm;
    }

    private static RegistryRequest Get(Uri realm, string? service, IReadOnlyList<string> scopes, Credential? credential, string subject)
    {
        var query = new StringBuilder(realm.Query.TrimStart('?'));
        if (service is not null)
        {
            query.Append("&service=").Append(Uri.EscapeDataString(service));
        }

        foreach (var scope in scopes)
        {
            query.Append("&scope=").Append(Uri.EscapeDataString(scope));
        }

        var uri = new UriBuilder(realm) { Query = query.ToString().TrimStart('&') }.Uri;
        return new RegistryRequest(HttpMethod.Get, uri)
        {
            Subject = subject,
            Authorization = credential?.Username is null ? null : Basic(credential),
        };
    }

    private static RegistryRequest Post(Uri realm, string? service, IReadOnlyList<string> scopes, string refreshToken, string subject) =>
        new(HttpMethod.Post, realm)
        {
            Subject = subject,
            Content = _ => new FormUrlEncodedContent(new Dictionary<string, string>
            {
                ["grant_type"] = "refresh_token",
                ["client_id"] = "wagi",
                ["service"] = service ?? "",
                ["scope"] = string.Join(' ', scopes),
                ["refresh_token"] = refreshToken,
            }),
        };

    public static AuthenticationHeaderValue Basic(Credential credential) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credential.Username}:{credential.Password}")));

    private static OciException Refused(Uri realm, HttpResponseMessage response, bool withCredential, string subject)
    {
        var service = $"{subject}: the token service {Transport.Display(realm)}";
        var status = (int)response.StatusCode;
        return response.StatusCode switch
        {
            HttpStatusCode.BadRequest or HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new OciException(
                OciErrorKind.Unauthorized,
                withCredential
                    ? $"{service} refused the credentials ({status}); check user and password or token, and that they have not expired"
                    : $"{service} gives no token without credentials ({status}); log in, or name an imagePullSecret"),
            HttpStatusCode.TooManyRequests => new OciException(
                OciErrorKind.RateLimited, $"{service} is rate limiting (429)", isTransient: true, retryAfter: RetryAfter.Of(response)),
            _ when status >= 500 => new OciException(
                OciErrorKind.ServerError, $"{service} failed ({status})", isTransient: true, retryAfter: RetryAfter.Of(response)),
            _ => new OciException(OciErrorKind.Protocol, $"{service} answered with status {status}"),
        };
    }

    private static TokenAnswer Read(ReadOnlySpan<byte> body, Uri realm, string subject)
    {
        try
        {
            return JsonSerializer.Deserialize(body, RemoteJsonContext.Default.TokenAnswer) ?? new TokenAnswer();
        }
        catch (JsonException)
        {
            // The serializer's message could quote the token.
            throw new OciException(OciErrorKind.Protocol, $"{subject}: the token service {Transport.Display(realm)} did not answer with JSON");
        }
    }
}

/// <summary>The answer of a token service (CNCF distribution, "Token Authentication Specification" and its OAuth2 variant).</summary>
internal sealed class TokenAnswer
{
    [JsonPropertyName("token")]
    public string? Token { get; init; }

    [JsonPropertyName("access_token")]
    public string? AccessToken { get; init; }

    /// <summary>How long the token is valid, in seconds; 60 if absent.</summary>
    [JsonPropertyName("expires_in")]
    public double? ExpiresIn { get; init; }
}
