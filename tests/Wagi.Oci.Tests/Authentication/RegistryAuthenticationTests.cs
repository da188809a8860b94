using System.Text;
using Microsoft.AspNetCore.Http;
using Wagi.Oci.Authentication;
using Wagi.Oci.Content;
using Wagi.Oci.Errors;
using Wagi.Oci.Modules;
using Wagi.Oci.References;
using Wagi.Oci.Remote;
using Wagi.Oci.Tests.Modules;
using Wagi.Oci.Tests.Registries;
using Wagi.TestCluster;
using Wagi.TestCluster.Registry;

namespace Wagi.Oci.Tests.Authentication;

/// <summary>Push and pull against real registries that know their users.</summary>
public sealed class RegistryAuthenticationTests : IDisposable
{
    private readonly TempDirectory _directory = new("authentication");
    private readonly ManualTime _time = new();
    private readonly RegistryClient _client;

    public RegistryAuthenticationTests() => _client = new RegistryClient(new RegistryClientOptions { TimeProvider = _time });

    [Theory]
    [InlineData(RegistryAuthentication.Basic)]
    [InlineData(RegistryAuthentication.Token)]
    public async Task User_Pushes_AndPulls(RegistryAuthentication authentication)
    {
        await using var registry = await StartAsync(authentication);
        var credentials = PullSecret(registry, registry.Password);

        var pushed = await PushAsync(registry, credentials);
        var (content, module) = await PullAsync(registry, credentials);

        Assert.Equal(Samples.Module(), content);
        Assert.Equal(pushed.Manifest.Digest, module.Digest);
    }

    [Theory]
    [InlineData(RegistryAuthentication.Basic, OciErrorKind.Unauthorized)]
    [InlineData(RegistryAuthentication.Token, OciErrorKind.Unauthorized)]
    public async Task Nobody_Gets_NothingAndIsToldToLogIn(RegistryAuthentication authentication, OciErrorKind kind)
    {
        await using var registry = await StartAsync(authentication);
        await PushAsync(registry, PullSecret(registry, registry.Password));

        var error = await Assert.ThrowsAsync<OciException>(() => PullAsync(registry, null));

        Assert.Equal(kind, error.Kind);
        Assert.False(error.IsTransient);
        Assert.Contains("imagePullSecret", error.Message, StringComparison.Ordinal);
        Assert.Contains($"{registry.Address}/private/hello:v1", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(RegistryAuthentication.Basic)]
    [InlineData(RegistryAuthentication.Token)]
    public async Task WrongPassword_Is_ToldWithoutShowingIt(RegistryAuthentication authentication)
    {
        await using var registry = await StartAsync(authentication);

        var error = await Assert.ThrowsAsync<OciException>(() => PullAsync(registry, PullSecret(registry, "hunter2")));

        Assert.Equal(OciErrorKind.Unauthorized, error.Kind);
        Assert.Contains("refused the credentials", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String(Encoding.UTF8.GetBytes($"{registry.User}:hunter2")), error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(RegistryAuthentication.Basic)]
    [InlineData(RegistryAuthentication.Token)]
    public async Task SecondPullSecret_Is_TriedWhenTheFirstIsRefused(RegistryAuthentication authentication)
    {
        await using var registry = await StartAsync(authentication);
        var right = PullSecret(registry, registry.Password);
        await PushAsync(registry, right);

        var (content, _) = await PullAsync(registry, new ChainedCredentialStore([PullSecret(registry, "wrong"), right]));

        Assert.Equal(Samples.Module(), content);
    }

    [Fact]
    public async Task PublicRepository_Is_PulledWithAnAnonymousToken()
    {
        await using var registry = await StartAsync(RegistryAuthentication.Token, anonymousPull: true);
        await PushAsync(registry, PullSecret(registry, registry.Password));

        var (content, _) = await PullAsync(registry, null);
        var error = await Assert.ThrowsAsync<OciException>(() => PushAsync(registry, null));

        Assert.Equal(Samples.Module(), content);
        Assert.Equal(OciErrorKind.Unauthorized, error.Kind);
    }

    [Fact]
    public async Task Token_Is_UsedUntilItExpires()
    {
        await using var registry = await StartAsync(RegistryAuthentication.Token);
        var credentials = PullSecret(registry, registry.Password);
        await PushAsync(registry, credentials);
        await PullAsync(registry, credentials);
        var issued = registry.TokenServer!.TokensIssued;

        for (var i = 0; i < 3; i++) await PullAsync(registry, credentials);
        Assert.Equal(issued, registry.TokenServer.TokensIssued);

        _time.Advance(TimeSpan.FromMinutes(6));
        await PullAsync(registry, credentials);
        Assert.Equal(issued + 1, registry.TokenServer.TokensIssued);
    }

    [Fact]
    public async Task Token_Of_OneCallerIsNotUsedForAnother()
    {
        await using var registry = await StartAsync(RegistryAuthentication.Token);
        var credentials = PullSecret(registry, registry.Password);
        await PushAsync(registry, credentials);
        await PullAsync(registry, credentials);

        await Assert.ThrowsAsync<OciException>(() => PullAsync(registry, null));
        await Assert.ThrowsAsync<OciException>(() => PullAsync(registry, PullSecret(registry, "wrong")));
    }

    [Fact]
    public async Task IdentityToken_Is_ExchangedForAnAccessToken()
    {
        await using var server = await StandInServer.StartAsync(async context =>
        {
            if (context.Request.Path == "/token")
            {
                var form = await context.Request.ReadFormAsync();
                var known = context.Request.Method == "POST" && form["grant_type"] == "refresh_token" && form["refresh_token"] == "the-refresh-token"
                    && form["scope"] == "repository:a/b:pull" && form["service"] == "registry";
                if (known) await context.Response.WriteAsync("""{"access_token":"the-access-token"}""");
                else context.Response.StatusCode = 401;
            }
            else if (context.Request.Headers.Authorization == "Bearer the-access-token")
            {
                context.Response.Headers["Docker-Content-Digest"] = Digest.Compute("x"u8).ToString();
                context.Response.ContentType = MediaTypes.ImageManifest;
                context.Response.ContentLength = 1;
            }
            else
            {
                context.Response.StatusCode = 401;
                context.Response.Headers.WWWAuthenticate = $"Bearer realm=\"http://{context.Request.Host}/token\",service=\"registry\",scope=\"repository:a/b:pull\"";
            }
        });
        var store = Json($$"""{"auths":{"{{server.Address}}":{"identitytoken":"the-refresh-token"} } }""");

        var descriptor = await _client.Repository(Reference.Parse($"{server.Address}/a/b:v1"), store).ResolveAsync(Cancel);

        Assert.Equal(Digest.Compute("x"u8), descriptor.Digest);
    }

    [Fact]
    public async Task RevokedToken_Is_ReplacedOnce()
    {
        var valid = 0;
        await using var server = await StandInServer.StartAsync(async context =>
        {
            if (context.Request.Path == "/token")
            {
                await context.Response.WriteAsync($$"""{"token":"t{{++valid}}","expires_in":3600}""");
            }
            else if (context.Request.Headers.Authorization == $"Bearer t{valid}" && valid > 0)
            {
                context.Response.Headers["Docker-Content-Digest"] = Digest.Compute("x"u8).ToString();
                context.Response.ContentType = MediaTypes.ImageManifest;
                context.Response.ContentLength = 1;
            }
            else
            {
                context.Response.StatusCode = 401;
                context.Response.Headers.WWWAuthenticate = $"Bearer realm=\"http://{context.Request.Host}/token\"";
            }
        });
        var repository = _client.Repository(Reference.Parse($"{server.Address}/a/b:v1"));
        await repository.ResolveAsync(Cancel);
        valid = 7;

        await repository.ResolveAsync(Cancel);

        Assert.Equal(["", "", "Bearer t1", "Bearer t1", "", "Bearer t8"], server.Requests.Select(request => request.Authorization));
    }

    public void Dispose()
    {
        _client.Dispose();
        _directory.Dispose();
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static async Task<RegistryServer> StartAsync(RegistryAuthentication authentication, bool anonymousPull = false)
    {
        Assert.SkipWhen(TestTools.WhyMissing(RegistryServer.Program) is not null, TestTools.WhyMissing(RegistryServer.Program) ?? "");
        return await RegistryServer.StartAsync(new RegistryOptions { Authentication = authentication, AnonymousPull = anonymousPull }, Cancel);
    }

    private static DockerConfigCredentialStore PullSecret(RegistryServer registry, string password)
    {
        var auth = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{registry.User}:{password}"));
        return Json($$"""{"auths":{"http://{{registry.Address}}":{"auth":"{{auth}}"} } }""");
    }

    private static DockerConfigCredentialStore Json(string json) => DockerConfigCredentialStore.FromPullSecret(json);

    private static Reference Hello(RegistryServer registry) => Reference.Parse($"{registry.Address}/private/hello:v1");

    private Task<PublishedModule> PushAsync(RegistryServer registry, ICredentialStore? credentials)
    {
        var file = _directory.PathOf("hello.wasm");
        File.WriteAllBytes(file, Samples.Module());
        return new ModulePublisher(_client).PublishAsync(file, Hello(registry), credentials: credentials, cancellationToken: Cancel);
    }

    private async Task<(byte[] Content, PulledModule Module)> PullAsync(RegistryServer registry, ICredentialStore? credentials)
    {
        using var destination = new MemoryStream();
        var module = await new WasmModuleSource(_client).PullAsync(Hello(registry), destination, credentials, Cancel);
        return (destination.ToArray(), module);
    }
}

/// <summary>A clock that a test moves. Timers are the real ones.</summary>
internal sealed class ManualTime : TimeProvider
{
    private TimeSpan _ahead;

    public void Advance(TimeSpan by) => _ahead += by;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + _ahead;
}
