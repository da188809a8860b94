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
using Wagi.Runtime.Cache;
using Wagi.Runtime.Progress;
using Wagi.Runtime.Sources;
using Wagi.TestCluster;
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

    private OciSource Source()
    {
        var cache = new CacheDirectory(_temporary.FullPath);
        cache.Prepare();
        return new OciSource(
            _client,
            new BlobCache(cache, NullLogger<BlobCache>.Instance),
            new ReferenceCache(cache, NullLogger<ReferenceCache>.Instance),
            ProgressDisplay.None,
            NullLogger<OciSource>.Instance);
    }

    private static ModuleEntry Entry(string reference, string id = "default/a") => new()
    {
        Id = id,
        Route = RoutePattern.Parse("/a"),
        Module = new ModuleReference(ModuleScheme.Oci, reference),
    };

    private static ModuleSecrets Secrets(params string[] dockerConfigs) => new() { Version = "1", DockerConfigs = [.. dockerConfigs] };

    private async Task<Reference> PushAsync(RegistryServer registry, byte[] wasm, string tag = "v1", ICredentialStore? credentials = null)
    {
        var file = _temporary.PathOf($"{Guid.NewGuid():N}.wasm");
        await File.WriteAllBytesAsync(file, wasm, Cancellation);
        var published = await new ModulePublisher(_client).PublishAsync(
            file, Reference.Parse($"{registry.Address}/a/b:{tag}"), new PublishOptions { Title = "a.wasm" }, credentials, Cancellation);
        return published.Reference;
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
        Assert.Equal(Wasm, await second.ReadAsync(Cancellation));
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
        Assert.Equal(Wasm, await content.ReadAsync(Cancellation));
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
