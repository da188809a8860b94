using Wagi.Oci.Content;
using Wagi.Oci.Errors;
using Wagi.Oci.Modules;
using Wagi.Oci.References;
using Wagi.Oci.Remote;
using Wagi.Oci.Tests.Modules;
using Wagi.Oci.Tests.Registries;
using Wagi.TestCluster.Registry;

namespace Wagi.Oci.Tests.Remote;

/// <summary>What a real registry does, damaged storage and cut connections included.</summary>
public sealed class RepositoryTests(AnonymousRegistry registry) : IClassFixture<AnonymousRegistry>, IDisposable
{
    private readonly RegistryClient _client = new(new RegistryClientOptions { RetryDelay = TimeSpan.FromMilliseconds(10) });

    [Fact]
    public async Task Tag_Resolves_ToTheManifest()
    {
        var reference = Reference("resolve:v1");
        var manifest = await Artifacts.PushAsync(_client, reference, MediaTypes.WasmConfig, [(MediaTypes.Wasm, Samples.Module())]);

        Assert.Equal(manifest, await _client.Repository(reference).ResolveAsync(Cancel));
        Assert.Equal(manifest, await _client.Repository(reference.WithDigest(manifest.Digest)).ResolveAsync(Cancel));
    }

    [Fact]
    public async Task MissingTag_Is_ToldApartFromAMissingRepository()
    {
        await Artifacts.PushAsync(_client, Reference("present/app:v1"), MediaTypes.WasmConfig, [(MediaTypes.Wasm, Samples.Module())]);

        var tag = await ResolveFailsAsync(Reference("present/app:v9"), OciErrorKind.NotFound);
        var digest = await ResolveFailsAsync(Reference("present/app:v1").WithDigest(Digest.Compute("x"u8)), OciErrorKind.NotFound);
        var repository = await ResolveFailsAsync(Reference("absent/app:v1"), OciErrorKind.NotFound);

        Assert.Contains($"tag 'v9' does not exist in repository 'present/app' of registry '{registry.Server.Address}'", tag.Message, StringComparison.Ordinal);
        Assert.Contains($"manifest {Digest.Compute("x"u8)} does not exist in repository 'present/app'", digest.Message, StringComparison.Ordinal);
        Assert.Contains("repository 'absent/app' does not exist in registry", repository.Message, StringComparison.Ordinal);
        Assert.False(tag.IsTransient);
    }

    [Fact]
    public async Task UnknownHost_Is_Named()
    {
        // RFC 2606: this top-level domain never exists.
        var error = await ResolveFailsAsync(Oci.References.Reference.Parse("registry.wagi.invalid/a/b:v1"), OciErrorKind.UnknownHost);

        Assert.Contains("the host 'registry.wagi.invalid' does not resolve", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RegistryThatIsDown_Is_UnreachableUntilItIsBack()
    {
        _ = registry.Server; // skips where there is no registry
        await using var server = await RegistryServer.StartAsync(cancellationToken: Cancel);
        var reference = Oci.References.Reference.Parse($"{server.Address}/a/b:v1");
        var manifest = await Artifacts.PushAsync(_client, reference, MediaTypes.WasmConfig, [(MediaTypes.Wasm, Samples.Module())]);

        await server.StopAsync();
        var error = await ResolveFailsAsync(reference, OciErrorKind.Unreachable);
        await server.StartAgainAsync(Cancel);

        Assert.True(error.IsTransient);
        Assert.Contains($"the registry '{server.Address}' cannot be reached", error.Message, StringComparison.Ordinal);
        Assert.Equal(manifest.Digest, (await _client.Repository(reference).ResolveAsync(Cancel)).Digest);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task DamagedBlob_Is_Refused(bool firstByte)
    {
        var reference = Reference($"damaged/blob-{firstByte}:v1".ToLowerInvariant());
        var module = Samples.Module(firstByte ? 21 : 22, 50_000);
        await Artifacts.PushAsync(_client, reference, MediaTypes.WasmConfig, [(MediaTypes.Wasm, module)]);
        Damage(Digest.Compute(module), content => content[firstByte ? 0 : 40_000] ^= 1);

        var error = await PullFailsAsync(reference, OciErrorKind.DigestMismatch);

        Assert.Contains(Digest.Compute(module).ToString(), error.Message, StringComparison.Ordinal);
        Assert.Contains(reference.ToString(), error.Message, StringComparison.Ordinal);
        Assert.False(error.IsTransient);
    }

    [Fact]
    public async Task BlobOfAnImage_Damaged_BehindItsModule_Is_Refused()
    {
        var reference = Reference("damaged/image:v1");
        var layer = Artifacts.Tar(("a.wasm", Samples.Module(23)), ("z.txt", Artifacts.Text("the end")));
        await Artifacts.PushAsync(_client, reference, "application/vnd.oci.image.config.v1+json", [(MediaTypes.ImageLayer, layer)]);
        Damage(Digest.Compute(layer), content => content[^1] ^= 1);

        await PullFailsAsync(reference, OciErrorKind.DigestMismatch);
    }

    [Fact]
    public async Task TruncatedBlob_Is_Refused()
    {
        var reference = Reference("damaged/truncated:v1");
        var module = Samples.Module(24, 50_000);
        await Artifacts.PushAsync(_client, reference, MediaTypes.WasmConfig, [(MediaTypes.Wasm, module)]);
        File.WriteAllBytes(BlobFile(Digest.Compute(module)), module[..30_000]);

        var error = await PullFailsAsync(reference, OciErrorKind.DigestMismatch);

        Assert.Contains("only 30000 of the 50000 bytes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DamagedManifest_Is_Refused()
    {
        var reference = Reference("damaged/manifest:v1");
        var manifest = await Artifacts.PushAsync(_client, reference, MediaTypes.WasmConfig, [(MediaTypes.Wasm, Samples.Module(25))]);
        // One letter of a string: still JSON, and of the same size.
        Damage(manifest.Digest, content => content[content.AsSpan().LastIndexOf((byte)'"') - 1] ^= 1);

        var error = await PullFailsAsync(reference.WithDigest(manifest.Digest), OciErrorKind.DigestMismatch);

        Assert.Contains(manifest.Digest.ToString(), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MissingBlob_Is_Named()
    {
        var reference = Reference("damaged/missing:v1");
        var module = Samples.Module(26);
        await Artifacts.PushAsync(_client, reference, MediaTypes.WasmConfig, [(MediaTypes.Wasm, module)]);
        File.Delete(BlobFile(Digest.Compute(module)));

        var error = await PullFailsAsync(reference, OciErrorKind.NotFound);

        Assert.Contains($"blob {Digest.Compute(module)} is missing", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CutConnection_Is_TakenUpAgain()
    {
        var module = Samples.Module(27, 500_000);
        await Artifacts.PushAsync(_client, Reference("cut/app:v1"), MediaTypes.WasmConfig, [(MediaTypes.Wasm, module)]);
        await using var proxy = CuttingProxy.Start(registry.Server.Address, bytesBeforeCut: 200_000, cuts: 2);

        var content = await PullAsync(Oci.References.Reference.Parse($"{proxy.Address}/cut/app:v1"));

        Assert.Equal(module, content);
        Assert.Equal(2, proxy.Cuts);
    }

    [Fact]
    public async Task RegistryGoneDuringAPull_Is_UnreachableAndTransient()
    {
        var module = Samples.Module(28, 500_000);
        await Artifacts.PushAsync(_client, Reference("gone/app:v1"), MediaTypes.WasmConfig, [(MediaTypes.Wasm, module)]);
        await using var proxy = CuttingProxy.Start(registry.Server.Address, bytesBeforeCut: 200_000, cuts: 1, refuseAfterCut: true);

        var error = await PullFailsAsync(Oci.References.Reference.Parse($"{proxy.Address}/gone/app:v1"), OciErrorKind.Unreachable);

        Assert.True(error.IsTransient);
        Assert.Contains($"{proxy.Address}/gone/app:v1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CancelledPull_Throws_OperationCanceled()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _client.Repository(Reference("a/b:v1")).ResolveAsync(cancelled.Token));
    }

    public void Dispose() => _client.Dispose();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Reference Reference(string rest) => Oci.References.Reference.Parse($"{registry.Server.Address}/{rest}");

    private async Task<byte[]> PullAsync(Reference reference)
    {
        using var destination = new MemoryStream();
        await new WasmModuleSource(_client).PullAsync(reference, destination, cancellationToken: Cancel);
        return destination.ToArray();
    }

    private async Task<OciException> PullFailsAsync(Reference reference, OciErrorKind kind)
    {
        var error = await Assert.ThrowsAsync<OciException>(() => PullAsync(reference));
        Assert.Equal(kind, error.Kind);
        return error;
    }

    private async Task<OciException> ResolveFailsAsync(Reference reference, OciErrorKind kind)
    {
        var error = await Assert.ThrowsAsync<OciException>(() => _client.Repository(reference).ResolveAsync(Cancel));
        Assert.Equal(kind, error.Kind);
        return error;
    }

    private string BlobFile(Digest digest) =>
        Path.Combine(registry.Server.StorageDirectory, "docker/registry/v2/blobs", digest.Algorithm, digest.Hex[..2], digest.Hex, "data");

    private void Damage(Digest digest, Action<byte[]> change)
    {
        var content = File.ReadAllBytes(BlobFile(digest));
        change(content);
        File.WriteAllBytes(BlobFile(digest), content);
    }
}
