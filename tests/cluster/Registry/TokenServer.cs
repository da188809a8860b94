using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Wagi.TestCluster.Registry;

/// <summary>
/// The authorization service of the Docker registry v2 token protocol: <c>GET /token?service=…&amp;scope=repository:NAME:pull,push</c>, with
/// HTTP Basic for the one user that it knows, answers a signed JWT that the registry verifies with
/// <see cref="RootCertificatePem"/>. Who is not that user gets a token without access, or for pulling where
/// <see cref="RegistryOptions.AnonymousPull"/> says so; a wrong password is 401.
/// </summary>
public sealed class TokenServer : IAsyncDisposable
{
    internal const string Service = "wagi-test-registry";
    internal const string Issuer = "wagi-test-token-server";

    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    private readonly RegistryOptions _options;
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _certificate;
    private readonly WebApplication _app;
    private int _tokensIssued;

    private TokenServer(RegistryOptions options)
    {
        _options = options;
        var now = DateTimeOffset.UtcNow;
        var request = new CertificateRequest($"CN={Issuer}", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        _certificate = request.CreateSelfSigned(now.AddHours(-1), now.AddDays(1));

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.Run(AnswerAsync);
    }

    /// <summary>The URL that clients are sent to in <c>WWW-Authenticate: Bearer realm="…"</c>.</summary>
    public Uri Realm => new(new Uri(_app.Urls.Single()), "token");

    /// <summary>How many tokens were issued so far, for tests of a client's token cache.</summary>
    public int TokensIssued => Volatile.Read(ref _tokensIssued);

    internal string RootCertificatePem => _certificate.ExportCertificatePem();

    internal static async Task<TokenServer> StartAsync(RegistryOptions options, CancellationToken cancellationToken)
    {
        var server = new TokenServer(options);
        await server._app.StartAsync(cancellationToken);
        return server;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _certificate.Dispose();
        _key.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        if (context.Request.Path != "/token")
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        var authorization = context.Request.Headers.Authorization.ToString();
        var known = authorization.Length > 0;
        if (known && !IsUser(authorization))
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        var access = new JsonArray();
        foreach (var scope in context.Request.Query["scope"].SelectMany(value => (value ?? "").Split(' ')))
        {
            if (AccessFor(scope, known) is { } entry) access.Add(entry);
        }

        Interlocked.Increment(ref _tokensIssued);
        var body = new JsonObject
        {
            ["token"] = Sign(known ? _options.User : "", access),
            ["expires_in"] = (int)Lifetime.TotalSeconds,
            ["issued_at"] = DateTimeOffset.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        };
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(body.ToJsonString(), context.RequestAborted);
    }

    private bool IsUser(string authorization)
    {
        var expected = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{_options.User}:{_options.Password}"));
        return AuthenticationHeaderValue.TryParse(authorization, out var header)
            && header is { Scheme: "Basic" }
            && header.Parameter == expected;
    }

    /// <param name="scope"><c>TYPE:NAME:ACTION,…</c>; NAME may hold a colon of its own (a host with a port).</param>
    /// <param name="known">Whether the client proved to be the user.</param>
    private JsonObject? AccessFor(string scope, bool known)
    {
        var first = scope.IndexOf(':', StringComparison.Ordinal);
        var last = scope.LastIndexOf(':');
        if (first < 0 || last <= first) return null;

        var granted = scope[(last + 1)..].Split(',').Where(action => known || (_options.AnonymousPull && action == "pull"));
        var actions = new JsonArray([.. granted.Select(action => (JsonNode)action)]);
        return actions.Count == 0
            ? null
            : new JsonObject { ["type"] = scope[..first], ["name"] = scope[(first + 1)..last], ["actions"] = actions };
    }

    /// <summary>A JWT (RFC 7519) signed with ES256, whose x5c header (RFC 7515 §4.1.6) names the certificate that the registry trusts.</summary>
    private string Sign(string subject, JsonArray access)
    {
        var now = DateTimeOffset.UtcNow;
        var header = new JsonObject
        {
            ["typ"] = "JWT",
            ["alg"] = "ES256",
            ["x5c"] = new JsonArray(Convert.ToBase64String(_certificate.RawData)),
        };
        var claims = new JsonObject
        {
            ["iss"] = Issuer,
            ["sub"] = subject,
            ["aud"] = Service,
            ["exp"] = (now + Lifetime).ToUnixTimeSeconds(),
            ["nbf"] = now.AddMinutes(-1).ToUnixTimeSeconds(),
            ["iat"] = now.ToUnixTimeSeconds(),
            ["jti"] = Guid.NewGuid().ToString("N"),
            ["access"] = access,
        };
        var signed = $"{Base64UrlOf(header)}.{Base64UrlOf(claims)}";
        var signature = _key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256);
        return $"{signed}.{System.Buffers.Text.Base64Url.EncodeToString(signature)}";
    }

    private static string Base64UrlOf(JsonObject json) =>
        System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json.ToJsonString()));
}
