using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Wagi.Modules.Configuration;
using Wagi.Modules.Routes;
using Wagi.Modules.Secrets;
using Wagi.Modules.Sources;
using Wagi.Modules.Status;
using Wagi.Oci.Authentication;
using Wagi.Oci.Modules;
using Wagi.Oci.References;
using Wagi.Oci.Remote;
using Wagi.Oci.Signatures;
using Wagi.Runtime.Cache;
using Wagi.Runtime.Progress;
using Wagi.Runtime.Sources;
using Wagi.Runtime.Tests.Harness;
using Wagi.TestCluster;
using Wagi.TestCluster.Http;
using Wagi.TestCluster.Registry;

namespace Wagi.Runtime.Tests.Sources;

/// <summary>Against a real registry.</summary>
public sealed class OciSourceTests : IDisposable
{
    private static readonly byte[] Wasm = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

    private readonly TempDirectory _temporary = new("oci-source");

    // One attempt: a registry that is down is down, and the test need not wait for it.
    private readonly RegistryClient _client = new(new RegistryClientOptions { Attempts = 1 });

    public OciSourceTests() =>
        Assert.SkipWhen(TestTools.WhyMissing(RegistryServer.Program) is not null, TestTools.WhyMissing(RegistryServer.Program) ?? "");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private OciSource Source() => OciSources.Create(_temporary.FullPath, _client);

    private static ModuleEntry Entry(string reference, string id = "default/a") => new()
    {
        Id = id,
        Route = RoutePattern.Parse("/a"),
        Module = new ModuleReference(ModuleScheme.Oci, reference),
    };

    private static ModuleSecrets Secrets(params string[] dockerConfigs) => new() { Version = "1", DockerConfigs = [.. dockerConfigs] };

    private static string DockerConfig(RegistryServer registry)
    {
        var auth = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{registry.User}:{registry.Password}"));
        return $$$"""{"auths":{"{{{registry.Address}}}":{"auth":"{{{auth}}}"} } }""";
    }

    private async Task<Reference> PushAsync(RegistryServer registry, byte[] wasm, string tag = "v1", ICredentialStore? credentials = null)
    {
        var file = _temporary.PathOf($"{Guid.NewGuid():N}.wasm");
        await File.WriteAllBytesAsync(file, wasm, Cancellation);
        var published = await new ModulePublisher(_client).PublishAsync(
            file, Reference.Parse($"{registry.Address}/a/b:{tag}"), new PublishOptions { Title = "a.wasm" }, credentials, Cancellation);
        return published.Reference;
    }

    private static async Task<byte[]> ReadAsync(ModuleContent content)
    {
        await using var stream = await content.OpenAsync(Cancellation);
        var bytes = new byte[stream.Length];
        await stream.ReadExactlyAsync(bytes, Cancellation);
        return bytes;
    }

    [Fact]
    public async Task PinnedReference_IsServedFromTheCache_WithTheRegistryDown()
    {
        await using var registry = await RegistryServer.StartAsync(cancellationToken: Cancellation);
        var reference = await PushAsync(registry, Wasm);
        var first = await Source().FindAsync(Entry(reference.ToString()), Secrets(), Cancellation);
        Assert.Equal(BlobCache.DigestOf(Wasm), first.Digest);

        await registry.StopAsync();
        var second = await Source().FindAsync(Entry(reference.ToString()), Secrets(), Cancellation);
        Assert.Equal(Wasm, await ReadAsync(second));
        Assert.Equal($"oci://{reference}", second.Reference);
    }

    [Fact]
    public async Task Tag_IsAskedForAgain_AndKeepsItsMeaningWhileTheRegistryIsDown()
    {
        await using var registry = await RegistryServer.StartAsync(cancellationToken: Cancellation);
        var reference = (await PushAsync(registry, Wasm)).ToString().Split('@')[0];
        await Source().FindAsync(Entry(reference), Secrets(), Cancellation);

        byte[] newer = [.. Wasm, 0, 2, 1, 0x61];
        await PushAsync(registry, newer);
        var moved = await Source().FindAsync(Entry(reference), Secrets(), Cancellation);
        Assert.Equal(BlobCache.DigestOf(newer), moved.Digest);

        await registry.StopAsync();
        var cached = await Source().FindAsync(Entry(reference), Secrets(), Cancellation);
        Assert.Equal(BlobCache.DigestOf(newer), cached.Digest);
    }

    [Fact]
    public async Task BlobThatWasRemoved_IsPulledAgain()
    {
        await using var registry = await RegistryServer.StartAsync(cancellationToken: Cancellation);
        var reference = await PushAsync(registry, Wasm);
        await Source().FindAsync(Entry(reference.ToString()), Secrets(), Cancellation);
        File.Delete(Directory.GetFiles(Path.Combine(_temporary.FullPath, "blobs", "sha256")).Single());

        var content = await Source().FindAsync(Entry(reference.ToString()), Secrets(), Cancellation);
        Assert.Equal(Wasm, await ReadAsync(content));
    }

    [Fact]
    public async Task PrivateModule_NeedsTheTenantsOwnCredentials_EvenWhenItIsCached()
    {
        await using var registry = await RegistryServer.StartAsync(
            new RegistryOptions { Authentication = RegistryAuthentication.Basic }, Cancellation);
        var auth = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{registry.User}:{registry.Password}"));
        var dockerConfig = $$$"""{"auths":{"{{{registry.Address}}}":{"auth":"{{{auth}}}"} } }""";
        var dockerCfg = $$$"""{"{{{registry.Address}}}":{"auth":"{{{auth}}}"}}""";
        var credentials = DockerConfigCredentialStore.FromPullSecret(dockerConfig);
        var reference = (await PushAsync(registry, Wasm, credentials: credentials)).ToString();

        Assert.NotNull(await Source().FindAsync(Entry(reference, "owner/a"), Secrets(dockerConfig), Cancellation));
        Assert.NotNull(await Source().FindAsync(Entry(reference, "older/a"), Secrets(dockerCfg), Cancellation));
        var refused = await Assert.ThrowsAsync<ModuleSourceException>(
            () => Source().FindAsync(Entry(reference, "stranger/a"), Secrets(), Cancellation));
        Assert.Equal(ModuleReason.Unauthorized, refused.Reason);
        Assert.DoesNotContain(registry.Password, refused.ToString(), StringComparison.Ordinal);
    }

    /// <summary>A digest is no password: it stands in manifests, in logs and in status.</summary>
    [Theory]
    [InlineData("mallory/a")]
    [InlineData("owner/another-registry")]
    public async Task CachedPrivateModule_IsNotFoundByItsDigest_InAManifestOfSomebodyElse(string id)
    {
        await using var registry = await RegistryServer.StartAsync(
            new RegistryOptions { Authentication = RegistryAuthentication.Basic }, Cancellation);
        var dockerConfig = DockerConfig(registry);
        var reference = await PushAsync(registry, Wasm, credentials: DockerConfigCredentialStore.FromPullSecret(dockerConfig));
        Assert.NotNull(await Source().FindAsync(Entry(reference.ToString(), "owner/a"), Secrets(dockerConfig), Cancellation));

        // Says that it has every blob, and has none.
        await using var other = await TargetServer.StartAsync(context => AnswerAsync(context, head: 200, get: 404));
        var attack = Source().FindAsync(Entry($"{new Uri(other.Origin).Authority}/mine/a:v1", id), Secrets(), Cancellation);

        if (id.StartsWith("owner/", StringComparison.Ordinal))
        {
            Assert.Equal(BlobCache.DigestOf(Wasm), (await attack).Digest);
            return;
        }

        Assert.Equal(ModuleReason.NotFound, (await Assert.ThrowsAsync<ModuleSourceException>(() => attack)).Reason);
    }

    [Fact]
    public async Task ModuleOfSeveralTenants_IsTransferredOnce_AndEachIsAskedForItsRight()
    {
        var head = 200;
        await using var registry = await TargetServer.StartAsync(context => AnswerAsync(context, head, get: head));
        var reference = $"{new Uri(registry.Origin).Authority}/team/a:v1";
        int Transfers() => registry.Requests.Count(request => request.Method == "GET" && request.Path.Contains("/blobs/", StringComparison.Ordinal));

        await Source().FindAsync(Entry(reference, "first/a"), Secrets(), Cancellation);
        await Source().FindAsync(Entry(reference, "second/a"), Secrets(), Cancellation);
        Assert.Equal(1, Transfers());
        Assert.Contains(registry.Requests, request => request.Method == "HEAD" && request.Path.Contains("/blobs/", StringComparison.Ordinal));

        head = 403;
        var refused = await Assert.ThrowsAsync<ModuleSourceException>(() => Source().FindAsync(Entry(reference, "third/a"), Secrets(), Cancellation));
        Assert.Equal(ModuleReason.Unauthorized, refused.Reason);

        // What was granted once needs no registry.
        Assert.Equal(BlobCache.DigestOf(Wasm), (await Source().FindAsync(Entry(reference, "second/b"), Secrets(), Cancellation)).Digest);
    }

    [Theory]
    [InlineData("cosign2")]
    [InlineData("cosign3")]
    public async Task SignedModule_IsFoundByItsKey_AndLaterWithTheRegistryDown(string cosign)
    {
        var key = await KeyAsync(cosign, "key");
        await using var registry = await RegistryServer.StartAsync(cancellationToken: Cancellation);
        var reference = await PushAsync(registry, Wasm);
        var entry = Entry(reference.ToString()) with { SignatureKeys = [key.PublicKey] };

        // Not even when it is in the cache already, where an entry without keys had it pulled.
        await Source().FindAsync(Entry(reference.ToString()), Secrets(), Cancellation);
        await AssertInvalidAsync(entry);
        await AssertInvalidAsync(Entry($"{registry.Address}/a/b:v1") with { SignatureKeys = [key.PublicKey] });

        await new Cosign(cosign).SignAsync(key, reference.ToString(), cancellationToken: Cancellation);
        Assert.Equal(BlobCache.DigestOf(Wasm), (await Source().FindAsync(entry, Secrets(), Cancellation)).Digest);

        await registry.StopAsync();
        Assert.Equal(BlobCache.DigestOf(Wasm), (await Source().FindAsync(entry, Secrets(), Cancellation)).Digest);

        // What one key has signed, another has not, and the registry cannot be asked.
        var other = entry with { SignatureKeys = [(await KeyAsync(cosign, "other")).PublicKey] };
        var unknown = await Assert.ThrowsAsync<ModuleSourceException>(() => Source().FindAsync(other, Secrets(), Cancellation));
        Assert.Equal(ModuleReason.RegistryUnreachable, unknown.Reason);
        Assert.NotNull(await Source().FindAsync(other with { SignatureKeys = [.. other.SignatureKeys, key.PublicKey] }, Secrets(), Cancellation));
    }

    [Fact]
    public async Task TagThatMovesToAnUnsignedModule_IsRefused_AndNothingOfItIsPulled()
    {
        var key = await KeyAsync("cosign3", "key");
        await using var registry = await RegistryServer.StartAsync(cancellationToken: Cancellation);
        var signed = await PushAsync(registry, Wasm);
        await new Cosign("cosign3").SignAsync(key, signed.ToString(), cancellationToken: Cancellation);
        var entry = Entry(signed.ToString().Split('@')[0]) with { SignatureKeys = [key.PublicKey] };
        Assert.Equal(BlobCache.DigestOf(Wasm), (await Source().FindAsync(entry, Secrets(), Cancellation)).Digest);

        byte[] newer = [.. Wasm, 0, 2, 1, 0x61];
        await PushAsync(registry, newer);
        await AssertInvalidAsync(entry);
        Assert.Single(Directory.GetFiles(Path.Combine(_temporary.FullPath, "blobs", "sha256")));

        // While the registry does not answer, the tag stands for what it stood for last, which was signed.
        await registry.StopAsync();
        Assert.Equal(BlobCache.DigestOf(Wasm), (await Source().FindAsync(entry, Secrets(), Cancellation)).Digest);
    }

    [Fact]
    public async Task SignatureInAPrivateRepository_IsReadWithTheTenantsCredentials()
    {
        var key = await KeyAsync("cosign3", "key");
        await using var registry = await RegistryServer.StartAsync(new RegistryOptions { Authentication = RegistryAuthentication.Token }, Cancellation);
        var dockerConfig = DockerConfig(registry);
        _temporary.Write("config.json", dockerConfig);
        var reference = await PushAsync(registry, Wasm, credentials: DockerConfigCredentialStore.FromPullSecret(dockerConfig));
        await new Cosign("cosign3").SignAsync(key, reference.ToString(), _temporary.FullPath, Cancellation);

        var entry = Entry(reference.ToString()) with { SignatureKeys = [key.PublicKey] };
        Assert.Equal(BlobCache.DigestOf(Wasm), (await Source().FindAsync(entry, Secrets(dockerConfig), Cancellation)).Digest);
    }

    private async Task<CosignKey> KeyAsync(string cosign, string name)
    {
        Assert.SkipWhen(TestTools.WhyMissing(Cosign.Programs) is not null, TestTools.WhyMissing(Cosign.Programs) ?? "");
        return await new Cosign(cosign).GenerateKeyAsync(_temporary.PathOf(name), Cancellation);
    }

    private async Task AssertInvalidAsync(ModuleEntry entry)
    {
        var refused = await Assert.ThrowsAsync<ModuleSourceException>(() => Source().FindAsync(entry, Secrets(), Cancellation));
        Assert.Equal(ModuleReason.SignatureInvalid, refused.Reason);
        Assert.True(refused.IsWorthRetrying, "it may be signed a moment later");
    }

    /// <summary>A registry whose every repository has one manifest, which names <see cref="Wasm"/>.</summary>
    private static async Task AnswerAsync(HttpContext context, int head, int get)
    {
        if (context.Request.Path.Value!.Contains("/manifests/", StringComparison.Ordinal))
        {
            context.Response.ContentType = "application/vnd.oci.image.manifest.v1+json";
            await context.Response.WriteAsync(
                $$$"""
                {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
                 "config":{"mediaType":"application/vnd.wasm.config.v0+json","digest":"{{{BlobCache.DigestOf("{}"u8)}}}","size":2},
                 "layers":[{"mediaType":"application/wasm","digest":"{{{BlobCache.DigestOf(Wasm)}}}","size":{{{Wasm.Length}}}}]}
                """,
                Cancellation);
            return;
        }

        context.Response.StatusCode = context.Request.Method == "HEAD" ? head : get;
        if (context.Request.Method == "GET" && get == 200)
        {
            await context.Response.Body.WriteAsync(Wasm, Cancellation);
        }
    }

    [Fact]
    public async Task MissingTag_IsNotFound_AndDownRegistryIsUnreachable()
    {
        await using var registry = await RegistryServer.StartAsync(cancellationToken: Cancellation);
        var missing = await Assert.ThrowsAsync<ModuleSourceException>(
            () => Source().FindAsync(Entry($"{registry.Address}/a/b:v1"), Secrets(), Cancellation));
        Assert.Equal(ModuleReason.NotFound, missing.Reason);

        await registry.StopAsync();
        var down = await Assert.ThrowsAsync<ModuleSourceException>(
            () => Source().FindAsync(Entry($"{registry.Address}/a/b:v1"), Secrets(), Cancellation));
        Assert.Equal(ModuleReason.RegistryUnreachable, down.Reason);
    }

    public void Dispose()
    {
        _client.Dispose();
        _temporary.Dispose();
    }
}
