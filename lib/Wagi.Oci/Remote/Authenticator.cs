using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using Wagi.Oci.Authentication;
using Wagi.Oci.Errors;

namespace Wagi.Oci.Remote;

/// <summary>
/// Sends requests with what the registry asks for: nothing, basic credentials or a bearer token. The first request learns it from the
/// challenge (401), later ones send it at once.
/// </summary>
internal sealed class Authenticator(Transport transport, TimeProvider time)
{
    // More entries than this are not normal; starting over costs one challenge each.
    private const int MaxCached = 10_000;

    private readonly TokenService _tokens = new(transport, time);
    private readonly ConcurrentDictionary<AuthorizationKey, Authorization> _cache = new();

    /// <summary>
    /// Sends the request, on 401 and 403 with the next credential. Returns the last answer, whatever its status, and whether credentials were
    /// sent.
    /// </summary>
    public async Task<(HttpResponseMessage Response, bool WithCredential)> SendAsync(
        RegistryRequest request,
        string registry,
        string repository,
        string actions,
        IReadOnlyList<Credential> credentials,
        CancellationToken cancellationToken)
    {
        if (credentials.Count == 0)
        {
            return (await SendAsync(request, AuthorizationKey.For(registry, repository, actions, null), null, cancellationToken), false);
        }

        var candidates = credentials
            .Select(credential => (Credential: credential, Key: AuthorizationKey.For(registry, repository, actions, credential)))
            // What worked before goes first.
            .OrderBy(candidate => _cache.ContainsKey(candidate.Key) ? 0 : 1)
            .ToArray();
        for (var i = 0; ; i++)
        {
            var last = i == candidates.Length - 1;
            try
            {
                var response = await SendAsync(request, candidates[i].Key, candidates[i].Credential, cancellationToken);
                if (last || response.StatusCode is not (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden))
                {
                    return (response, true);
                }

                response.Dispose();
            }
            catch (OciException exception) when (exception.Kind == OciErrorKind.Unauthorized && !last)
            {
                // The token service refused this one; the next may work.
            }
        }
    }

    private async Task<HttpResponseMessage> SendAsync(
        RegistryRequest request, AuthorizationKey key, Credential? credential, CancellationToken cancellationToken)
    {
        var known = _cache.TryGetValue(key, out var cached) && cached.Expires > time.GetUtcNow() ? cached.Header : null;
        var response = await transport.SendAsync(request with { Authorization = known }, cancellationToken);
        // A challenge of another host, after a redirect, gets no answer: the credentials are not for that host.
        if (response.StatusCode != HttpStatusCode.Unauthorized || response.RequestMessage?.RequestUri?.Authority != request.Uri.Authority)
        {
            return response;
        }

        _cache.TryRemove(key, out _);
        if (Challenge.Choose(response.Headers.WwwAuthenticate) is not { } challenge)
        {
            return response;
        }

        var authorization = await MeetAsync(challenge, request, key, credential, cancellationToken);
        if (authorization is null || authorization.Header.Equals(known))
        {
            return response;
        }

        response.Dispose();
        var second = await transport.SendAsync(request with { Authorization = authorization.Header }, cancellationToken);
        if (second.StatusCode is not (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden))
        {
            Keep(key, authorization);
        }

        return second;
    }

    private async Task<Authorization?> MeetAsync(
        Challenge challenge, RegistryRequest request, AuthorizationKey key, Credential? credential, CancellationToken cancellationToken)
    {
        if (challenge.Scheme == "basic")
        {
            return credential?.Username is null ? null : new Authorization(TokenService.Basic(credential), DateTimeOffset.MaxValue);
        }

        if (credential?.RegistryToken is { } token)
        {
            return new Authorization(new AuthenticationHeaderValue("Bearer", token), DateTimeOffset.MaxValue);
        }

        return await _tokens.FetchAsync(challenge, Scopes(challenge, key), credential, request, cancellationToken);
    }

    /// <summary>Our own scope also covers later requests (a push after a look); the registry's is added when it is about something else.</summary>
    private static IReadOnlyList<string> Scopes(Challenge challenge, AuthorizationKey key)
    {
        var own = $"repository:{key.Repository}:{key.Actions}";
        return challenge.Parameters.TryGetValue("scope", out var asked)
            && asked.Length > 0
            && !asked.StartsWith($"repository:{key.Repository}:", StringComparison.Ordinal)
            ? [own, asked]
            : [own];
    }

    private void Keep(AuthorizationKey key, Authorization authorization)
    {
        if (_cache.Count >= MaxCached)
        {
            _cache.Clear();
        }

        _cache[key] = authorization;
    }
}

/// <summary>An Authorization header that a registry has asked for, and until when it is valid.</summary>
internal sealed record Authorization(AuthenticationHeaderValue Header, DateTimeOffset Expires)
{
    /// <summary>Only the scheme: a log or a message must not show the rest.</summary>
    public override string ToString() => Header.Scheme;
}

/// <summary>
/// What a cached authorization is for. The credential is part of it, as a hash, so that no caller gets another caller's rights.
/// </summary>
internal sealed record AuthorizationKey(string Registry, string Repository, string Actions, string Fingerprint)
{
    public static AuthorizationKey For(string registry, string repository, string actions, Credential? credential) =>
        new(registry, repository, actions, credential?.Fingerprint ?? "");
}
