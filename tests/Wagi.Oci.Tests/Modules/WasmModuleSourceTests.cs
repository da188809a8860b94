using Wagi.Oci.Content;
using Wagi.Oci.Errors;
using Wagi.Oci.Modules;
using Wagi.Oci.References;
using Wagi.Oci.Remote;
using Wagi.Oci.Tests.Registries;
using Wagi.TestCluster;
using static Wagi.Oci.Tests.Registries.Artifacts;

namespace Wagi.Oci.Tests.Modules;

public sealed class WasmModuleSourceTests(AnonymousRegistry registry) : IClassFixture<AnonymousRegistry>, IDisposable
{
    private const string ImageConfig = "application/vnd.oci.image.config.v1+json";
    private const string DockerConfig = "application/vnd.docker.container.image.v1+json";

    private readonly RegistryClient _client = new();

    [Theory]
    [InlineData(MediaTypes.Wasm, MediaTypes.WasmConfig)]
    [InlineData(MediaTypes.Wasm, "application/vnd.oci.empty.v1+json")]
    [InlineData(MediaTypes.WasmToOciLayer, MediaTypes.WasmToOciConfig)]
    [InlineData("application/vnd.module.wasm.content.layer.v1+wasm", ImageConfig)]
    public async Task WasmLayer_Is_FoundByItsMediaType(string layerType, string configType)
    {
        var reference = Reference("layer");
        await PushAsync(_client, reference, configType, [("text/markdown", Text("# read me")), (layerType, Samples.Module(5))]);

        var (content, module) = await PullAsync(reference);

        Assert.Equal(Samples.Module(5), content);
        Assert.Equal(layerType, module.MediaType);
    }

    [Fact]
    public async Task Locating_Tells_TheWasmDigestWithoutPulling()
    {
        var reference = Reference("locate");
        var manifest = await PushAsync(_client, reference, MediaTypes.WasmConfig, [(MediaTypes.Wasm, Samples.Module(6))]);

        var artifact = await new WasmModuleSource(_client).LocateAsync(reference, cancellationToken: Cancel);

        Assert.Equal(manifest.Digest, artifact.Digest);
        Assert.Equal(Digest.Compute(Samples.Module(6)), artifact.ContentDigest);
        Assert.Equal(ModuleLayout.WasmLayer, artifact.Layout);
    }

    [Theory]
    [InlineData(MediaTypes.ImageManifest, ImageConfig, MediaTypes.ImageLayerGzip, true)]
    [InlineData(MediaTypes.ImageManifest, ImageConfig, MediaTypes.ImageLayer, false)]
    [InlineData(MediaTypes.DockerManifest, DockerConfig, MediaTypes.DockerLayerGzip, true)]
    public async Task ContainerImage_With_OneWasmFileIsRead(string manifestType, string configType, string layerType, bool gzip)
    {
        var reference = Reference($"image-{(manifestType == MediaTypes.DockerManifest ? "docker" : "oci")}-{(gzip ? "gzip" : "tar")}");
        var lower = Tar(("etc/", []), ("etc/hostname", Text("box\n")));
        var upper = Tar(("app/", []), ("app/hello.wasm", Samples.Module(8, 200_000)), ("app/zz-after.txt", Text("after")));
        await PushAsync(_client, reference, configType, [(layerType, gzip ? Gzip(lower) : lower), (layerType, gzip ? Gzip(upper) : upper)], manifestType);

        var (content, module) = await PullAsync(reference);

        Assert.Equal(Samples.Module(8, 200_000), content);
        Assert.Equal("app/hello.wasm", module.Path);
        Assert.Equal(Digest.Compute(content), module.WasmDigest);
        Assert.Equal(Digest.Compute(gzip ? Gzip(upper) : upper), module.LayerDigest);
        Assert.Equal(layerType, module.MediaType);
    }

    [Fact]
    public async Task ContainerImage_Hides_WhatUpperLayersReplaceOrRemove()
    {
        var reference = Reference("whiteouts");
        await PushAsync(_client, reference, ImageConfig,
        [
            (MediaTypes.ImageLayerGzip, Gzip(Tar(("app.wasm", Samples.Module(1)), ("old.wasm", Samples.Module(2)), ("dir/gone.wasm", Samples.Module(3)), ("opaque/gone.wasm", Samples.Module(4))))),
            (MediaTypes.ImageLayerGzip, Gzip(Tar((".wh.old.wasm", []), (".wh.dir", []), ("opaque/.wh..wh..opq", [])))),
            (MediaTypes.ImageLayerGzip, Gzip(Tar(("./app.wasm", Samples.Module(9))))),
        ]);

        var (content, module) = await PullAsync(reference);

        Assert.Equal(Samples.Module(9), content);
        Assert.Equal("app.wasm", module.Path);
    }

    [Fact]
    public async Task Whiteout_Leaves_TheFilesOfItsOwnLayer()
    {
        var reference = Reference("own-layer");
        await PushAsync(_client, reference, ImageConfig,
        [
            (MediaTypes.ImageLayer, Tar(("dir/old.wasm", Samples.Module(1)))),
            (MediaTypes.ImageLayer, Tar(("dir/.wh..wh..opq", []), ("dir/new.wasm", Samples.Module(2)))),
        ]);

        var (content, module) = await PullAsync(reference);

        Assert.Equal(Samples.Module(2), content);
        Assert.Equal("dir/new.wasm", module.Path);
    }

    [Fact]
    public async Task ContainerImage_With_SeveralWasmFilesNamesThem()
    {
        var reference = Reference("several");
        await PushAsync(_client, reference, ImageConfig,
        [
            (MediaTypes.ImageLayerGzip, Gzip(Tar(("b/two.wasm", Samples.Module(1))))),
            (MediaTypes.ImageLayerGzip, Gzip(Tar(("a/one.wasm", Samples.Module(2))))),
        ]);

        var error = await FailsAsync(reference, OciErrorKind.UnsupportedArtifact);

        Assert.Contains("a/one.wasm, b/two.wasm", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ContainerImage_Without_WasmFileIsRefused()
    {
        var reference = Reference("none");
        await PushAsync(_client, reference, ImageConfig, [(MediaTypes.ImageLayerGzip, Gzip(Tar(("bin/sh", Text("#!")))))]);

        var error = await FailsAsync(reference, OciErrorKind.UnsupportedArtifact);

        Assert.Contains("no .wasm file", error.Message, StringComparison.Ordinal);
        Assert.Contains(MediaTypes.ImageLayerGzip, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LayerThatIsNoArchive_Is_Refused()
    {
        var reference = Reference("no-archive");
        await PushAsync(_client, reference, ImageConfig, [(MediaTypes.ImageLayerGzip, [0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])]);

        var error = await FailsAsync(reference, OciErrorKind.UnsupportedArtifact);

        Assert.Contains("is not a readable archive", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ZstdLayer_Is_Read()
    {
        var reference = Reference("zstd");
        using var packed = new MemoryStream();
        using (var zstd = new ZstdSharp.CompressionStream(packed, leaveOpen: true)) zstd.Write(Tar(("hello.wasm", Samples.Module(9))));
        await PushAsync(_client, reference, ImageConfig, [(MediaTypes.ImageLayerZstd, packed.ToArray())]);

        Assert.Equal(Samples.Module(9), (await PullAsync(reference)).Content);
    }

    [Fact]
    public async Task ArchiveThatUnpacksToTooMuch_Is_Refused()
    {
        var reference = Reference("bomb");
        await PushAsync(_client, reference, ImageConfig, [(MediaTypes.ImageLayerGzip, Gzip(Tar(("zeros", new byte[8 * 1024 * 1024]))))]);

        var error = await FailsAsync(reference, OciErrorKind.TooLarge, new WasmModuleSourceOptions { MaxUnpackedSize = 1024 * 1024 });

        Assert.Contains("1048576 bytes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LayerThatIsNotWasm_Is_RefusedNamingTheMediaTypes()
    {
        var reference = Reference("not-wasm");
        await PushAsync(_client, reference, "application/vnd.cncf.helm.config.v1+json", [("application/vnd.cncf.helm.chart.content.v1.tar+gzip", Text("chart"))]);

        var error = await FailsAsync(reference, OciErrorKind.UnsupportedArtifact);

        Assert.Contains("application/vnd.cncf.helm.chart.content.v1.tar+gzip", error.Message, StringComparison.Ordinal);
        Assert.Contains(reference.ToString(), error.Message, StringComparison.Ordinal);
        Assert.False(error.IsTransient);
    }

    [Theory]
    [InlineData("application/octet-stream")]
    [InlineData("application/vnd.example.handler")]
    public async Task LayerOfUnknownType_Is_TakenWhenItsBytesAreWasm(string layerType)
    {
        var reference = Reference("unknown-type");
        await PushAsync(_client, reference, "application/vnd.oci.empty.v1+json", [("text/markdown", Text("# read me")), (layerType, Samples.Module(7))]);

        var (content, module) = await PullAsync(reference);

        Assert.Equal(Samples.Module(7), content);
        Assert.Equal(layerType, module.MediaType);
    }

    [Fact]
    public async Task SeveralLayersOfUnknownType_ThatAreWasm_Are_Refused()
    {
        var reference = Reference("unknown-two");
        await PushAsync(_client, reference, ImageConfig, [("application/octet-stream", Samples.Module(1)), ("application/octet-stream", Samples.Module(2))]);

        Assert.Contains("holds 2 .wasm files", (await FailsAsync(reference, OciErrorKind.UnsupportedArtifact)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(MediaTypes.Wasm)]
    [InlineData("application/octet-stream")]
    public async Task WitPackage_Is_RefusedByName(string layerType)
    {
        // As wkg publishes it: a component with a custom section, types and an export.
        byte[] package = [.. "\0asm\r\0\u0001\0"u8, 0, 5, 1, (byte)'x', 1, 2, 3, 7, 3, 1, 0x42, 0, 11, 7, 1, 0, 1, (byte)'a', 3, 0, 0];
        var reference = Reference("wit");
        await PushAsync(_client, reference, MediaTypes.WasmConfig, [(layerType, package)]);

        Assert.Contains("is a WIT package", (await FailsAsync(reference, OciErrorKind.UnsupportedArtifact)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(1000)]
    public void ComponentWithCode_IsNoWitPackage_InPiecesOfAnySize(int size)
    {
        byte[] types = [.. "\0asm\r\0\u0001\0"u8, 0, 200, 1, .. new byte[200], 7, 0];
        byte[] code = [.. types, 1, 8, .. "\0asm\u0001\0\0\0"u8];
        Assert.True(IsTypesOnly(types, size));
        Assert.False(IsTypesOnly(code, size));
        Assert.False(IsTypesOnly(Samples.Module(4), size));
    }

    [Fact]
    public async Task FilesForModules_Are_RefusedWithAHint()
    {
        using var folder = new TempDirectory("files");
        folder.Write("site/index.html", "x");
        var reference = Reference("files");
        await new Wagi.Oci.Files.FilesPublisher(_client).PublishAsync(folder.PathOf("site"), reference, cancellationToken: Cancel);

        Assert.Contains("names them in its 'files'", (await FailsAsync(reference, OciErrorKind.UnsupportedArtifact)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("#!/bin/sh\n", "begins with 23212f62 instead of 0061736d")]
    [InlineData("", "is empty")]
    public async Task WasmLayerWithoutMagic_Is_Refused(string content, string expected)
    {
        var reference = Reference("no-magic");
        await PushAsync(_client, reference, MediaTypes.WasmConfig, [(MediaTypes.Wasm, Text(content))]);

        var error = await FailsAsync(reference, OciErrorKind.UnsupportedArtifact);

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SeveralWasmLayers_Are_Refused()
    {
        var reference = Reference("two-layers");
        await PushAsync(_client, reference, MediaTypes.WasmConfig, [(MediaTypes.Wasm, Samples.Module(1)), (MediaTypes.Wasm, Samples.Module(2))]);

        var error = await FailsAsync(reference, OciErrorKind.UnsupportedArtifact);

        Assert.Contains("2 Wasm layers", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModuleOverTheLimit_Is_RefusedInEveryLayout()
    {
        var layer = Reference("large-layer");
        await PushAsync(_client, layer, MediaTypes.WasmConfig, [(MediaTypes.Wasm, Samples.Module(1, 10_000))]);
        var image = Reference("large-image");
        await PushAsync(_client, image, ImageConfig, [(MediaTypes.ImageLayerGzip, Gzip(Tar(("a.wasm", Samples.Module(1, 10_000)))))]);
        var options = new WasmModuleSourceOptions { MaxModuleSize = 9_999 };

        Assert.Contains("9999 bytes", (await FailsAsync(layer, OciErrorKind.TooLarge, options)).Message, StringComparison.Ordinal);
        Assert.Contains("'a.wasm'", (await FailsAsync(image, OciErrorKind.TooLarge, options)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("linux/amd64 wasip1/wasm wasi/wasm", 2)]
    [InlineData("linux/amd64 wasip1/wasm", 1)]
    [InlineData("linux/amd64 linux/arm64/v8 js/wasm", 2)]
    [InlineData("linux/amd64 unknown/unknown", 0)]
    [InlineData("unknown/unknown wasi/wasm", 1)]
    public async Task Index_Gives_TheEntryForWasm(string platforms, int expected)
    {
        var reference = Reference("index");
        var entries = new List<(string, Descriptor)>();
        foreach (var platform in platforms.Split(' '))
            entries.Add((platform, await PushAsync(_client, Reference("index", "entry"), MediaTypes.WasmConfig, [(MediaTypes.Wasm, Samples.Module(100 + entries.Count))])));
        var index = await PushIndexAsync(_client, reference, entries);

        var (content, module) = await PullAsync(reference);

        Assert.Equal(Samples.Module(100 + expected), content);
        Assert.Equal(index.Digest, module.Digest);
        Assert.Equal(entries[expected].Item2.Digest, module.ManifestDigest);
    }

    [Fact]
    public async Task DockerManifestList_Is_ReadLikeAnIndex()
    {
        var reference = Reference("docker-list");
        var image = await PushAsync(_client, reference, DockerConfig, [(MediaTypes.DockerLayerGzip, Gzip(Tar(("a.wasm", Samples.Module(3)))))], MediaTypes.DockerManifest);
        await PushIndexAsync(_client, reference, [("wasi/wasm", image)], MediaTypes.DockerManifestList);

        var (content, _) = await PullAsync(reference);

        Assert.Equal(Samples.Module(3), content);
    }

    [Fact]
    public async Task IndexWithoutWasm_Is_RefusedNamingThePlatforms()
    {
        var reference = Reference("index-without");
        var manifest = await PushAsync(_client, Reference("index-without", "entry"), MediaTypes.WasmConfig, [(MediaTypes.Wasm, Samples.Module())]);
        await PushIndexAsync(_client, reference, [("linux/amd64", manifest), ("linux/arm64/v8", manifest)]);

        var error = await FailsAsync(reference, OciErrorKind.UnsupportedArtifact);

        Assert.Contains("linux/amd64, linux/arm64/v8", error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _client.Dispose();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Reference Reference(string name, string tag = "v1") =>
        Oci.References.Reference.Parse($"{registry.Server.Address}/{name}:{tag}");

    private async Task<(byte[] Content, PulledModule Module)> PullAsync(Reference reference, WasmModuleSourceOptions? options = null)
    {
        using var destination = new MemoryStream();
        var module = await new WasmModuleSource(_client, options).PullAsync(reference, destination, cancellationToken: Cancel);
        return (destination.ToArray(), module);
    }

    private static bool IsTypesOnly(byte[] binary, int size)
    {
        var search = new CodeSearch();
        foreach (var piece in binary.Chunk(size)) search.Read(piece);
        return search.IsTypesOnly;
    }

    private async Task<OciException> FailsAsync(Reference reference, OciErrorKind kind, WasmModuleSourceOptions? options = null)
    {
        var error = await Assert.ThrowsAsync<OciException>(() => PullAsync(reference, options));
        Assert.Equal(kind, error.Kind);
        return error;
    }
}
