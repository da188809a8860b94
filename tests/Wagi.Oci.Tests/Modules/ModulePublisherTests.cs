using System.Text;
using System.Text.Json;
using Wagi.Oci.Content;
using Wagi.Oci.Errors;
using Wagi.Oci.Modules;
using Wagi.Oci.References;
using Wagi.Oci.Remote;
using Wagi.Oci.Tests.Registries;
using Wagi.TestCluster;

namespace Wagi.Oci.Tests.Modules;

public sealed class ModulePublisherTests(AnonymousRegistry registry) : IClassFixture<AnonymousRegistry>, IDisposable
{
    private readonly TempDirectory _directory = new("publish");
    private readonly RegistryClient _client = new();

    [Theory]
    [InlineData(PublishLayout.Cncf, "application/wasm")]
    [InlineData(PublishLayout.WasmToOci, "application/vnd.wasm.content.layer.v1+wasm")]
    public async Task PushedModule_Comes_BackByteForByte(PublishLayout layout, string mediaType)
    {
        var reference = Reference($"back/{layout.ToString().ToLowerInvariant()}:v1");
        var module = Samples.Module(seed: 7, size: 300_000);

        var pushed = await new ModulePublisher(_client).PublishAsync(Write("hello.wasm", module), reference, new PublishOptions { Layout = layout }, cancellationToken: Cancel);
        using var pulled = new MemoryStream();
        var result = await new WasmModuleSource(_client).PullAsync(reference, pulled, cancellationToken: Cancel);

        Assert.Equal(module, pulled.ToArray());
        Assert.Equal(pushed.Manifest.Digest, result.ManifestDigest);
        Assert.Equal(pushed.Manifest.Digest, result.Digest);
        Assert.Equal(Digest.Compute(module), result.LayerDigest);
        Assert.Equal(Digest.Compute(module), result.WasmDigest);
        Assert.Equal(mediaType, result.MediaType);
        Assert.Equal(module.Length, result.Size);
        Assert.Null(result.Path);
        Assert.True(pushed.Uploaded);
    }

    [Fact]
    public async Task PushedReference_Names_ThePushedBytes_WhenTheTagMoves()
    {
        var reference = Reference("moving/tag:v1");
        var publisher = new ModulePublisher(_client);
        var first = await publisher.PublishAsync(Write("a.wasm", Samples.Module(1)), reference, cancellationToken: Cancel);
        await publisher.PublishAsync(Write("a.wasm", Samples.Module(2)), reference, cancellationToken: Cancel);

        using var byDigest = new MemoryStream();
        await new WasmModuleSource(_client).PullAsync(first.Reference, byDigest, cancellationToken: Cancel);
        using var byTag = new MemoryStream();
        await new WasmModuleSource(_client).PullAsync(reference, byTag, cancellationToken: Cancel);

        Assert.Equal(Samples.Module(1), byDigest.ToArray());
        Assert.Equal(Samples.Module(2), byTag.ToArray());
    }

    [Fact]
    public async Task SameFile_Gives_TheSameDigest_AndIsUploadedOnce()
    {
        var publisher = new ModulePublisher(_client);
        var file = Write("same.wasm", Samples.Module(3));
        var options = new PublishOptions { Created = DateTimeOffset.UnixEpoch.AddDays(20_000), Annotations = new Dictionary<string, string> { ["b"] = "2", ["a"] = "1" } };
        var reordered = new PublishOptions { Created = options.Created, Annotations = new Dictionary<string, string> { ["a"] = "1", ["b"] = "2" } };

        var first = await publisher.PublishAsync(file, Reference("same/file:v1"), options, cancellationToken: Cancel);
        var second = await publisher.PublishAsync(file, Reference("same/file:v2"), reordered, cancellationToken: Cancel);

        Assert.Equal(first.Manifest.Digest, second.Manifest.Digest);
        Assert.True(first.Uploaded);
        Assert.False(second.Uploaded);
    }

    [Fact]
    public async Task CncfConfig_Says_WhatTheSpecificationAsksFor()
    {
        var module = Samples.Module(4);
        var reference = Reference("config/core:v1");
        var created = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

        await new ModulePublisher(_client).PublishAsync(Write("core.wasm", module), reference, new PublishOptions { Created = created }, cancellationToken: Cancel);

        var (manifest, config) = await FetchAsync(reference);
        Assert.Equal("application/vnd.wasm.config.v0+json", manifest.Config.MediaType);
        Assert.Equal("core.wasm", Assert.Single(manifest.Layers).Annotations!["org.opencontainers.image.title"]);
        Assert.Equal("2026-01-02T03:04:05Z", manifest.Annotations!["org.opencontainers.image.created"]);
        Assert.Equal(
            $$"""{"created":"2026-01-02T03:04:05Z","architecture":"wasm","os":"wasip1","layerDigests":["{{Digest.Compute(module)}}"]}""",
            config);
    }

    [Fact]
    public async Task CncfConfig_OfAComponent_Names_ItsImportsAndExports()
    {
        // (component (import "wasi:cli/environment@0.2.0" (instance)) (export "run" (func 0))), with a custom section before.
        byte[] component =
        [
            0, (byte)'a', (byte)'s', (byte)'m', 0x0d, 0, 1, 0,
            0, 3, 1, (byte)'x', 0xff,
            10, 31, 1, 0, 26, .. Encoding.UTF8.GetBytes("wasi:cli/environment@0.2.0"), 5, 0,
            11, 9, 1, 0, 3, .. Encoding.UTF8.GetBytes("run"), 1, 0, 0,
        ];
        var reference = Reference("config/component:v1");

        await new ModulePublisher(_client).PublishAsync(Write("component.wasm", component), reference, new PublishOptions(), cancellationToken: Cancel);

        var (_, config) = await FetchAsync(reference);
        using var document = JsonDocument.Parse(config);
        Assert.Equal("wasip2", document.RootElement.GetProperty("os").GetString());
        Assert.Equal("""{"exports":["run"],"imports":["wasi:cli/environment@0.2.0"]}""", document.RootElement.GetProperty("component").GetRawText());
    }

    [Fact]
    public async Task FileThatIsNotWasm_Is_Refused()
    {
        var file = Write("hello.wat", "(module)"u8.ToArray());

        var error = await Assert.ThrowsAsync<OciException>(() => new ModulePublisher(_client).PublishAsync(file, Reference("not/wasm:v1"), cancellationToken: Cancel));

        Assert.Equal(OciErrorKind.UnsupportedArtifact, error.Kind);
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
        Assert.Contains("wat2wasm", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReferenceWithDigest_Is_Refused()
    {
        var reference = Reference("a/b:v1").WithDigest(Digest.Compute("x"u8));

        var error = await Assert.ThrowsAsync<OciException>(() => new ModulePublisher(_client).PublishAsync(Write("a.wasm", Samples.Module()), reference, cancellationToken: Cancel));

        Assert.Equal(OciErrorKind.InvalidReference, error.Kind);
    }

    public void Dispose()
    {
        _client.Dispose();
        _directory.Dispose();
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Reference Reference(string rest) => Oci.References.Reference.Parse($"{registry.Server.Address}/{rest}");

    private string Write(string name, byte[] content)
    {
        var path = _directory.PathOf(name);
        File.WriteAllBytes(path, content);
        return path;
    }

    private async Task<(Manifest Manifest, string Config)> FetchAsync(Reference reference)
    {
        var repository = _client.Repository(reference);
        var manifest = (await repository.FetchManifestAsync(Cancel)).ReadManifest();
        await using var blob = await repository.FetchBlobAsync(manifest.Config, Cancel);
        using var config = new MemoryStream();
        await blob.CopyToAsync(config, Cancel);
        return (manifest, Encoding.UTF8.GetString(config.ToArray()));
    }
}
