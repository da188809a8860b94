using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Wagi.TestCluster.Registry;

namespace Wagi.TestCluster.Tests.Registry;

public sealed class RegistryServerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static readonly byte[] Blob = Encoding.UTF8.GetBytes("a blob");
    private static readonly string Digest = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Blob));

    [Fact]
    public async Task AnonymousRegistry_ServesWhatWasPushed()
    {
        await using var registry = await StartAsync(new RegistryOptions());
        using var client = new HttpClient { BaseAddress = registry.Url };

        Assert.Equal(HttpStatusCode.Created, await PushAsync(client));

        Assert.Equal(Blob, await client.GetByteArrayAsync($"v2/samples/hello/blobs/{Digest}", Cancel));
    }

    [Fact]
    public async Task AnonymousRegistry_DeletesABlob()
    {
        await using var registry = await StartAsync(new RegistryOptions());
        using var client = new HttpClient { BaseAddress = registry.Url };
        await PushAsync(client);

        using var deleted = await client.DeleteAsync($"v2/samples/hello/blobs/{Digest}", Cancel);

        Assert.Equal(HttpStatusCode.Accepted, deleted.StatusCode);
        using var pulled = await client.GetAsync($"v2/samples/hello/blobs/{Digest}", Cancel);
        Assert.Equal(HttpStatusCode.NotFound, pulled.StatusCode);
    }

    [Fact]
    public async Task BasicRegistry_AdmitsItsUserAlone()
    {
        await using var registry = await StartAsync(new RegistryOptions { Authentication = RegistryAuthentication.Basic });
        using var stranger = new HttpClient { BaseAddress = registry.Url };
        using var user = new HttpClient { BaseAddress = registry.Url };
        user.DefaultRequestHeaders.Authorization = Basic(registry.User, registry.Password);
        using var wrong = new HttpClient { BaseAddress = registry.Url };
        wrong.DefaultRequestHeaders.Authorization = Basic(registry.User, "wrong");

        Assert.Equal(HttpStatusCode.Created, await PushAsync(user));

        Assert.Equal(HttpStatusCode.Unauthorized, await PullAsync(stranger));
        Assert.Equal(HttpStatusCode.Unauthorized, await PullAsync(wrong));
        Assert.Equal(HttpStatusCode.OK, await PullAsync(user));
    }

    [Fact]
    public async Task TokenRegistry_AdmitsItsUserByAToken()
    {
        await using var registry = await StartAsync(new RegistryOptions { Authentication = RegistryAuthentication.Token });
        using var client = new HttpClient { BaseAddress = registry.Url };
        using var refused = await client.GetAsync($"v2/samples/hello/blobs/{Digest}", Cancel);
        var challenge = Assert.Single(refused.Headers.WwwAuthenticate);
        Assert.Equal("Bearer", challenge.Scheme);
        Assert.Contains($"realm=\"{registry.TokenServer!.Realm}\"", challenge.Parameter, StringComparison.Ordinal);

        await TakeTokenAsync(client, registry, "pull,push", Basic(registry.User, registry.Password));

        Assert.Equal(HttpStatusCode.Created, await PushAsync(client));
        Assert.Equal(HttpStatusCode.OK, await PullAsync(client));
        Assert.Equal(1, registry.TokenServer.TokensIssued);
    }

    [Fact]
    public async Task TokenRegistry_GivesStrangersNoAccess()
    {
        await using var registry = await StartAsync(new RegistryOptions { Authentication = RegistryAuthentication.Token });
        using var client = new HttpClient { BaseAddress = registry.Url };

        await TakeTokenAsync(client, registry, "pull,push", null);

        Assert.Equal(HttpStatusCode.Unauthorized, await PullAsync(client));
        Assert.Equal(HttpStatusCode.Unauthorized, await PushAsync(client));
    }

    [Fact]
    public async Task TokenRegistry_RefusesAWrongPassword()
    {
        await using var registry = await StartAsync(new RegistryOptions { Authentication = RegistryAuthentication.Token });
        using var client = new HttpClient { BaseAddress = registry.Url };

        var error = await Assert.ThrowsAsync<HttpRequestException>(
            () => TakeTokenAsync(client, registry, "pull", Basic(registry.User, "wrong")));

        Assert.Equal(HttpStatusCode.Unauthorized, error.StatusCode);
    }

    [Fact]
    public async Task TokenRegistry_LetsEverybodyPull_WhenPublic()
    {
        await using var registry = await StartAsync(
            new RegistryOptions { Authentication = RegistryAuthentication.Token, AnonymousPull = true });
        using var user = new HttpClient { BaseAddress = registry.Url };
        await TakeTokenAsync(user, registry, "pull,push", Basic(registry.User, registry.Password));
        Assert.Equal(HttpStatusCode.Created, await PushAsync(user));
        using var stranger = new HttpClient { BaseAddress = registry.Url };

        await TakeTokenAsync(stranger, registry, "pull,push", null);

        Assert.Equal(HttpStatusCode.OK, await PullAsync(stranger));
        Assert.Equal(HttpStatusCode.Unauthorized, await PushAsync(stranger));
    }

    [Fact]
    public async Task StoppedRegistry_RefusesConnections_AndComesBackWithItsContent()
    {
        await using var registry = await StartAsync(new RegistryOptions());
        using var client = new HttpClient { BaseAddress = registry.Url };
        await PushAsync(client);

        await registry.StopAsync();
        await Assert.ThrowsAsync<HttpRequestException>(() => PullAsync(client));
        await registry.StartAgainAsync(Cancel);

        Assert.Equal(HttpStatusCode.OK, await PullAsync(client));
    }

    [Fact]
    public async Task DisposedRegistry_LeavesNothingBehind()
    {
        var registry = await StartAsync(new RegistryOptions());
        using var client = new HttpClient { BaseAddress = registry.Url };
        await PushAsync(client);
        Assert.True(Directory.Exists(registry.StorageDirectory));

        await registry.DisposeAsync();

        Assert.False(Directory.Exists(Path.GetDirectoryName(registry.StorageDirectory)));
        await Assert.ThrowsAsync<HttpRequestException>(() => PullAsync(client));
    }

    private static Task<RegistryServer> StartAsync(RegistryOptions options)
    {
        if (TestTools.WhyMissing(RegistryServer.Program) is { } reason) Assert.Skip(reason);
        return RegistryServer.StartAsync(options, Cancel);
    }

    /// <summary>OCI distribution 1.1, "Pushing a blob in chunks", in the form of POST then PUT.</summary>
    private static async Task<HttpStatusCode> PushAsync(HttpClient client)
    {
        using var opened = await client.PostAsync("v2/samples/hello/blobs/uploads/", null, Cancel);
        if (opened.StatusCode != HttpStatusCode.Accepted) return opened.StatusCode;

        var location = new UriBuilder(new Uri(client.BaseAddress!, opened.Headers.Location!));
        location.Query = $"{location.Query.TrimStart('?')}&digest={Uri.EscapeDataString(Digest)}";
        using var content = new ByteArrayContent(Blob);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        using var closed = await client.PutAsync(location.Uri, content, Cancel);
        return closed.StatusCode;
    }

    private static async Task<HttpStatusCode> PullAsync(HttpClient client)
    {
        using var answer = await client.GetAsync($"v2/samples/hello/blobs/{Digest}", Cancel);
        return answer.StatusCode;
    }

    private static async Task TakeTokenAsync(
        HttpClient client, RegistryServer registry, string actions, AuthenticationHeaderValue? authorization)
    {
        var url = $"{registry.TokenServer!.Realm}?service=wagi-test-registry&scope=repository:samples/hello:{actions}";
        using var request = new HttpRequestMessage(HttpMethod.Get, url) { Headers = { Authorization = authorization } };
        using var answer = await client.SendAsync(request, Cancel);
        answer.EnsureSuccessStatusCode();
        var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancel))!;
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (string?)body["token"]);
    }

    private static AuthenticationHeaderValue Basic(string user, string password) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));
}
