using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Wagi.Modules.Network;
using Wagi.Oci.Authentication;
using Wagi.Oci.Content;
using Wagi.Oci.Errors;
using Wagi.Oci.References;
using Wagi.Oci.Remote;
using Wagi.Oci.Tests.Registries;

namespace Wagi.Oci.Tests.Remote;

/// <summary>Answers that a real registry cannot be brought to give, from a stand-in.</summary>
public sealed class TransportTests
{
    private static readonly Digest Content = Digest.Compute("content"u8);
    private static readonly Descriptor Blob = new() { MediaType = MediaTypes.Wasm, Digest = Content, Size = 7 };

    [Fact]
    public async Task Overload_Is_TriedAgain()
    {
        var calls = 0;
        await using var server = await StandInServer.StartAsync(context =>
        {
            if (Interlocked.Increment(ref calls) < 3) context.Response.StatusCode = 503;
            else Manifest(context);
            return Task.CompletedTask;
        });
        using var client = Client();

        var descriptor = await client.Repository(Reference(server)).ResolveAsync(Cancel);

        Assert.Equal(Content, descriptor.Digest);
        Assert.Equal(3, calls);
    }

    [Fact]
    public async Task Overload_That_Lasts_IsAServerError()
    {
        await using var server = await StandInServer.StartAsync(context =>
        {
            context.Response.StatusCode = 502;
            return context.Response.WriteAsync("<html>Bad Gateway</html>");
        });
        using var client = Client();

        var error = await FailsAsync(client, server, OciErrorKind.ServerError);

        Assert.True(error.IsTransient);
        Assert.Equal(3, server.Requests.Count);
        Assert.Contains("failed (502)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LongRetryAfter_Is_LeftToTheCaller()
    {
        await using var server = await StandInServer.StartAsync(context =>
        {
            context.Response.StatusCode = 429;
            context.Response.Headers.RetryAfter = "120";
            return Task.CompletedTask;
        });
        using var client = Client();

        var error = await FailsAsync(client, server, OciErrorKind.RateLimited);

        Assert.True(error.IsTransient);
        Assert.Equal(TimeSpan.FromSeconds(120), error.RetryAfter);
        Assert.Contains("try again in 120 s", error.Message, StringComparison.Ordinal);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Forbidden_Tells_WhatTheRegistrySaid()
    {
        await using var server = await StandInServer.StartAsync(context =>
        {
            context.Response.StatusCode = 403;
            return context.Response.WriteAsync("""{"errors":[{"code":"DENIED","message":"no\nway"}]}""");
        });
        using var client = Client();

        var error = await FailsAsync(client, server, OciErrorKind.Forbidden);

        Assert.Contains("403 DENIED: no way", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RegistryWithoutDigestHeader_Is_ResolvedByItsManifest()
    {
        await using var server = await StandInServer.StartAsync(context =>
        {
            context.Response.ContentType = MediaTypes.ImageManifest;
            return context.Request.Method == "HEAD" ? Task.CompletedTask : context.Response.WriteAsync("content");
        });
        using var client = Client();

        var descriptor = await client.Repository(Reference(server)).ResolveAsync(Cancel);

        Assert.Equal(new Descriptor { MediaType = MediaTypes.ImageManifest, Digest = Content, Size = 7 }, descriptor);
    }

    [Fact]
    public async Task ManifestThatIsNotWhatItsHeaderSays_Is_Refused()
    {
        await using var server = await StandInServer.StartAsync(context =>
        {
            context.Response.Headers["Docker-Content-Digest"] = Content.ToString();
            return context.Response.WriteAsync("another");
        });
        using var client = Client();

        var error = await Assert.ThrowsAsync<OciException>(() => client.Repository(Reference(server)).FetchManifestAsync(Cancel));

        Assert.Equal(OciErrorKind.DigestMismatch, error.Kind);
    }

    [Fact]
    public async Task ManifestOverFourMegabytes_Is_Refused()
    {
        await using var server = await StandInServer.StartAsync(async context =>
        {
            // Without a length: it has to be noticed while it streams.
            for (var i = 0; i < 65; i++) await context.Response.Body.WriteAsync(new byte[64 * 1024]);
        });
        using var client = Client();

        var error = await Assert.ThrowsAsync<OciException>(() => client.Repository(Reference(server)).FetchManifestAsync(Cancel));

        Assert.Equal(OciErrorKind.TooLarge, error.Kind);
        Assert.Contains("4096 KiB", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BlobLongerThanItsDescriptor_Is_CutOff()
    {
        await using var server = await StandInServer.StartAsync(async context =>
        {
            await context.Response.WriteAsync("contents and more");
        });
        using var client = Client();
        await using var blob = await client.Repository(Reference(server)).FetchBlobAsync(Blob, Cancel);

        var error = await Assert.ThrowsAsync<OciException>(() => blob.CopyToAsync(Stream.Null, Cancel));

        Assert.Equal(OciErrorKind.DigestMismatch, error.Kind);
        Assert.Contains("longer than the 7 bytes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SilentRegistry_Is_ATimeout()
    {
        var end = new TaskCompletionSource();
        await using var server = await StandInServer.StartAsync(_ => end.Task);
        using var client = Client(new RegistryClientOptions { StallTimeout = TimeSpan.FromMilliseconds(200), Attempts = 1 });

        var error = await FailsAsync(client, server, OciErrorKind.Timeout);
        end.SetResult();

        Assert.True(error.IsTransient);
        Assert.Contains("has been silent for 0.2 s", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RegistrySilentInTheMiddleOfABlob_Is_ATimeout()
    {
        var end = new TaskCompletionSource();
        await using var server = await StandInServer.StartAsync(async context =>
        {
            context.Response.ContentLength = 7;
            await context.Response.WriteAsync("con");
            await context.Response.Body.FlushAsync();
            await end.Task;
        });
        using var client = Client(new RegistryClientOptions { StallTimeout = TimeSpan.FromMilliseconds(200), Attempts = 1 });
        await using var blob = await client.Repository(Reference(server)).FetchBlobAsync(Blob, Cancel);

        var error = await Assert.ThrowsAsync<OciException>(() => blob.CopyToAsync(Stream.Null, Cancel));
        end.SetResult();

        Assert.Equal(OciErrorKind.Timeout, error.Kind);
    }

    [Fact]
    public async Task RedirectToAnotherHost_Does_NotCarryCredentials()
    {
        await using var storage = await StandInServer.StartAsync(context => context.Response.WriteAsync("content"));
        await using var server = await StandInServer.StartAsync(context =>
        {
            if (context.Request.Headers.Authorization.Count == 0)
            {
                context.Response.StatusCode = 401;
                context.Response.Headers.WWWAuthenticate = "Basic realm=\"x\"";
            }
            else
            {
                context.Response.Redirect($"http://{storage.Address}/bucket/object?signature=hunter2");
            }

            return Task.CompletedTask;
        });
        using var client = Client();
        var store = DockerConfigCredentialStore.FromPullSecret($$$"""{"auths":{"{{{server.Address}}}":{"username":"user","password":"password"} } }""");

        await using var blob = await client.Repository(Reference(server), store).FetchBlobAsync(Blob, Cancel);
        using var content = new MemoryStream();
        await blob.CopyToAsync(content, Cancel);

        Assert.Equal("content"u8, content.ToArray());
        Assert.StartsWith("Basic ", server.Requests.Last().Authorization, StringComparison.Ordinal);
        Assert.Equal("", Assert.Single(storage.Requests).Authorization);
    }

    [Fact]
    public async Task ChallengeOfAnotherHost_Is_NotMet()
    {
        await using var other = await StandInServer.StartAsync(context =>
        {
            context.Response.StatusCode = 401;
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"x\"";
            return Task.CompletedTask;
        });
        await using var server = await StandInServer.StartAsync(context =>
        {
            context.Response.Redirect($"http://{other.Address}/object");
            return Task.CompletedTask;
        });
        using var client = Client();
        var store = DockerConfigCredentialStore.FromPullSecret($$$"""{"auths":{"{{{server.Address}}}":{"username":"user","password":"password"} } }""");

        var error = await Assert.ThrowsAsync<OciException>(() => client.Repository(Reference(server), store).FetchBlobAsync(Blob, Cancel));

        Assert.Equal(OciErrorKind.Unauthorized, error.Kind);
        Assert.All(other.Requests, request => Assert.Equal("", request.Authorization));
        Assert.All(server.Requests, request => Assert.Equal("", request.Authorization));
    }

    [Theory]
    [InlineData("127.0.0.2")]
    [InlineData("[::ffff:127.0.0.2]")]
    [InlineData("169.254.169.254")]
    public async Task DeniedAddress_Is_NotReached_AsRegistryNorByRedirectNorAsTokenService(string denied)
    {
        await using var inside = await StandInServer.StartAsync(_ => Task.CompletedTask, listen: "127.0.0.2");
        var url = $"http://{denied}:{inside.Port}/latest/meta-data";
        var isRealm = false;
        await using var server = await StandInServer.StartAsync(context =>
        {
            if (isRealm)
            {
                context.Response.StatusCode = 401;
                context.Response.Headers.WWWAuthenticate = $"Bearer realm=\"{url}\"";
            }
            else
            {
                context.Response.Redirect(url);
            }

            return Task.CompletedTask;
        });
        using var client = Client(new RegistryClientOptions
        {
            Guard = new AddressGuard(new AddressRules { DeniedNetworks = [IPNetwork.Parse("127.0.0.2/32")] }),
            InsecureRegistries = [denied],
        });

        foreach (var registry in new[] { server.Address, $"{denied}:{inside.Port}" }.Where(registry => !registry.StartsWith('[')))
        {
            var error = await Assert.ThrowsAsync<OciException>(
                () => client.Repository(Oci.References.Reference.Parse($"{registry}/a/b:v1")).FetchBlobAsync(Blob, Cancel));
            Assert.Equal(OciErrorKind.Denied, error.Kind);
            Assert.Contains("is denied", error.Message, StringComparison.Ordinal);
        }

        isRealm = true;
        var refused = await Assert.ThrowsAsync<OciException>(() => client.Repository(Reference(server)).FetchBlobAsync(Blob, Cancel));
        Assert.Equal(OciErrorKind.Denied, refused.Kind);
        Assert.Empty(inside.Requests);
    }

    [Fact]
    public async Task RedirectsWithoutEnd_Are_Refused()
    {
        await using var server = await StandInServer.StartAsync(context =>
        {
            context.Response.Redirect("/again?signature=hunter2");
            return Task.CompletedTask;
        });
        using var client = Client();

        var error = await Assert.ThrowsAsync<OciException>(() => client.Repository(Reference(server)).FetchBlobAsync(Blob, Cancel));

        Assert.Equal(OciErrorKind.Protocol, error.Kind);
        Assert.DoesNotContain("hunter2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PlainHttp_Is_OnlySpokenToLoopbackAndDeclaredHosts()
    {
        var address = OwnAddress();
        Assert.SkipWhen(address is null, "this machine has no IPv4 address besides loopback");
        await using var server = await StandInServer.StartAsync(
            context =>
            {
                Manifest(context);
                return Task.CompletedTask;
            },
            listen: "0.0.0.0");
        var reference = Oci.References.Reference.Parse($"{address}:{server.Port}/a/b:v1");
        using var strict = Client();
        using var byHost = Client(new RegistryClientOptions { InsecureRegistries = [address!.ToString()] });
        using var byPort = Client(new RegistryClientOptions { InsecureRegistries = [$"{address}:{server.Port}"] });
        using var otherPort = Client(new RegistryClientOptions { InsecureRegistries = [$"{address}:1"] });

        var error = await Assert.ThrowsAsync<OciException>(() => strict.Repository(reference).ResolveAsync(Cancel));
        Assert.Equal(OciErrorKind.TlsFailure, error.Kind);
        Assert.Contains("declare it an insecure registry", error.Message, StringComparison.Ordinal);
        Assert.Equal(Content, (await byHost.Repository(reference).ResolveAsync(Cancel)).Digest);
        Assert.Equal(Content, (await byPort.Repository(reference).ResolveAsync(Cancel)).Digest);
        await Assert.ThrowsAsync<OciException>(() => otherPort.Repository(reference).ResolveAsync(Cancel));
    }

    [Theory]
    [InlineData("localhost:5000", "http://localhost:5000/v2/")]
    [InlineData("127.0.0.1", "http://127.0.0.1/v2/")]
    [InlineData("127.8.9.10:5000", "http://127.8.9.10:5000/v2/")]
    [InlineData("[::1]:5000", "http://[::1]:5000/v2/")]
    [InlineData("ghcr.io", "https://ghcr.io/v2/")]
    [InlineData("localhost.example.com:5000", "https://localhost.example.com:5000/v2/")]
    [InlineData("10.0.0.1:5000", "https://10.0.0.1:5000/v2/")]
    public void Scheme_Follows_TheHost(string host, string expected) =>
        Assert.Equal(expected, new RegistryEndpoint([]).BaseUri(host).ToString());

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static Reference Reference(StandInServer server) => Oci.References.Reference.Parse($"{server.Address}/a/b:v1");

    private static RegistryClient Client(RegistryClientOptions? options = null) =>
        new(options ?? new RegistryClientOptions { RetryDelay = TimeSpan.FromMilliseconds(10) });

    private static void Manifest(HttpContext context)
    {
        context.Response.Headers["Docker-Content-Digest"] = Content.ToString();
        context.Response.ContentType = MediaTypes.ImageManifest;
        context.Response.ContentLength = 7;
    }

    private static async Task<OciException> FailsAsync(RegistryClient client, StandInServer server, OciErrorKind kind)
    {
        var error = await Assert.ThrowsAsync<OciException>(() => client.Repository(Reference(server)).ResolveAsync(Cancel));
        Assert.Equal(kind, error.Kind);
        return error;
    }

    private static IPAddress? OwnAddress() => NetworkInterface.GetAllNetworkInterfaces()
        .Where(network => network.OperationalStatus == OperationalStatus.Up)
        .SelectMany(network => network.GetIPProperties().UnicastAddresses)
        .Select(unicast => unicast.Address)
        .FirstOrDefault(address => address.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(address));
}
