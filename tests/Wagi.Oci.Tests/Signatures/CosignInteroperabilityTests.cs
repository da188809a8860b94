using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Wagi.Modules.Signatures;
using Wagi.Modules.Status;
using Wagi.Oci.Content;
using Wagi.Oci.Errors;
using Wagi.Oci.References;
using Wagi.Oci.Remote;
using Wagi.Oci.Signatures;
using Wagi.Oci.Tests.Modules;
using Wagi.Oci.Tests.Registries;
using Wagi.TestCluster;
using Wagi.TestCluster.Registry;

namespace Wagi.Oci.Tests.Signatures;

/// <summary>What the real cosign signs is verified here, in both of its formats, and what is made of that is not.</summary>
public sealed class CosignInteroperabilityTests(AnonymousRegistry registry, SigningKeys keys) : IClassFixture<AnonymousRegistry>, IClassFixture<SigningKeys>, IDisposable
{
    private readonly TempDirectory _directory = new("signatures");
    private readonly RegistryClient _client = new(new RegistryClientOptions { Attempts = 1 });

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("cosign2")]
    [InlineData("cosign3")]
    public async Task SignedArtifact_IsValid_ByTheKeyThatSignedIt(string cosign)
    {
        var key = keys.Key;
        var reference = await PushAsync($"signed/{cosign}");
        await new Cosign(cosign).SignAsync(key, reference.ToString(), cancellationToken: Cancel);

        Assert.Equal(key.PublicKey, await VerifyAsync(reference, keys.Other, key));
        await AssertInvalidAsync(reference, "1: 1 is not by the key;", keys.Other);
    }

    [Fact]
    public async Task UnsignedArtifact_IsInvalid_AndTheMessageSaysHowToSignIt()
    {
        var reference = await PushAsync("unsigned");
        var failure = await AssertInvalidAsync(reference, "must be signed and has no signature", keys.Key);
        Assert.Contains($"cosign sign --key KEY {reference.Registry}/unsigned@{reference.Digest}", failure.Message, StringComparison.Ordinal);
        Assert.Equal(ModuleReason.SignatureInvalid, failure.Reason);
        Assert.False(failure.IsTransient);
    }

    [Fact]
    public async Task ArtifactSignedInBothFormats_IsValid_ByEither()
    {
        var reference = await PushAsync("both");
        await new Cosign("cosign2").SignAsync(keys.Key, reference.ToString(), cancellationToken: Cancel);
        await new Cosign("cosign3").SignAsync(keys.Other, reference.ToString(), cancellationToken: Cancel);

        Assert.Equal(keys.Key.PublicKey, await VerifyAsync(reference, keys.Key));
        Assert.Equal(keys.Other.PublicKey, await VerifyAsync(reference, keys.Other));
    }

    /// <summary>cosign signs the list of platforms unless it is told otherwise, and the list names its manifests by their digests.</summary>
    [Theory]
    [InlineData("cosign2")]
    [InlineData("cosign3")]
    public async Task SignedIndex_IsValid(string cosign)
    {
        var manifest = await PushAsync($"index/{cosign}");
        var fetched = await _client.Repository(manifest).FetchManifestAsync(Cancel);
        var index = await Artifacts.PushIndexAsync(_client, Reference.Parse($"{registry.Server.Address}/index/{cosign}:all"), [("wasi/wasm", fetched.Descriptor)]);
        await new Cosign(cosign).SignAsync(keys.Key, manifest.WithDigest(index.Digest).ToString(), cancellationToken: Cancel);

        Assert.Equal(keys.Key.PublicKey, await VerifyAsync(manifest.WithDigest(index.Digest), keys.Key));
        await AssertInvalidAsync(manifest, "has no signature", keys.Key);
    }

    [Theory]
    [InlineData("P-384")]
    [InlineData("P-521")]
    [InlineData("RSA")]
    public async Task KeyOfAnotherKind_IsVerified(string kind)
    {
        using AsymmetricAlgorithm pair = kind switch
        {
            "P-384" => ECDsa.Create(ECCurve.NamedCurves.nistP384),
            "P-521" => ECDsa.Create(ECCurve.NamedCurves.nistP521),
            _ => RSA.Create(3072),
        };
        var reference = await PushAsync($"kinds/{kind.ToLowerInvariant()}");
        var other = keys.Other;
        var cosign = new Cosign("cosign3");
        var key = await cosign.ImportKeyAsync(_directory.PathOf("imported"), _directory.Write("pair.pem", pair.ExportPkcs8PrivateKeyPem()), Cancel);
        await cosign.SignAsync(key, reference.ToString(), cancellationToken: Cancel);

        Assert.Equal(key.PublicKey, await VerifyAsync(reference, key));
        await AssertInvalidAsync(reference, "not by the key", other);
    }

    [Theory]
    [InlineData("cosign2", "has no signature")]
    [InlineData("cosign3", "not a signature")]
    public async Task Attestation_IsNoSignature(string cosign, string expected)
    {
        var reference = await PushAsync($"attested/{cosign}");
        var key = keys.Key;
        await new Cosign(cosign).AttestAsync(key, reference.ToString(), _directory.Write("predicate.json", "{}"), Cancel);

        await AssertInvalidAsync(reference, expected, key);
    }

    [Theory]
    [InlineData("cosign2")]
    [InlineData("cosign3")]
    public async Task SignatureOfAnotherDigest_IsInvalid(string cosign)
    {
        var signed = await PushAsync($"copied/{cosign}");
        var unsigned = await PushAsync($"copied/{cosign}");
        await new Cosign(cosign).SignAsync(keys.Key, signed.ToString(), cancellationToken: Cancel);
        await CopySignaturesAsync(signed, unsigned);

        await AssertInvalidAsync(unsigned, $"1 is for {signed.Digest}", keys.Key);
        await AssertInvalidAsync(unsigned, "not by one of the 2 keys", keys.Other, keys.Other);
    }

    /// <summary>The payload says the right digest, and its signature is over another one.</summary>
    [Theory]
    [InlineData("cosign2")]
    [InlineData("cosign3")]
    public async Task PayloadThatWasChangedAfterwards_IsInvalid(string cosign)
    {
        var signed = await PushAsync($"changed/{cosign}");
        var unsigned = await PushAsync($"changed/{cosign}");
        await new Cosign(cosign).SignAsync(keys.Key, signed.ToString(), cancellationToken: Cancel);
        await CopySignaturesAsync(signed, unsigned, text => text.Replace(signed.Digest!.Hex, unsigned.Digest!.Hex, StringComparison.Ordinal));

        await AssertInvalidAsync(unsigned, "1 is not by the key", keys.Key);
    }

    /// <summary>Whoever may push can put anything beside the artifact, and must not be able to hide the signature.</summary>
    [Theory]
    [InlineData("cosign2")]
    [InlineData("cosign3")]
    public async Task SignatureAmongBrokenOnes_IsFound(string cosign)
    {
        var reference = await PushAsync($"broken/{cosign}");
        await new Cosign(cosign).SignAsync(keys.Key, reference.ToString(), cancellationToken: Cancel);
        var garbage = await Artifacts.PushAsync(_client, reference.WithTag("a"), MediaTypes.Empty, [(MediaTypes.SigstoreBundle, Artifacts.Text("[]"))]);
        var repository = _client.Repository(reference.WithTag(SignatureTag(reference)));
        var tagged = await repository.FetchManifestAsync(Cancel);
        byte[] content = tagged.IsIndex
            ? JsonSerializer.SerializeToUtf8Bytes(WithBrokenFirst(tagged.ReadIndex(), garbage, reference), ContentJsonContext.Default.ImageIndex)
            : JsonSerializer.SerializeToUtf8Bytes(WithBrokenFirst(tagged.ReadManifest()), ContentJsonContext.Default.Manifest);
        await repository.PushManifestAsync(content, tagged.Descriptor.MediaType, Cancel);

        Assert.Equal(keys.Key.PublicKey, await VerifyAsync(reference, keys.Key));
        var failure = await AssertInvalidAsync(reference, "not by the key", keys.Other);
        Assert.Contains("cannot be used", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(1)]
    public async Task RegistryWithTheReferrersApi_IsAskedForAllOfItsPages(int pageSize)
    {
        await using var proxy = await ReferrersProxy.StartAsync(registry.Server.Address, pageSize);
        var pushed = await PushAsync($"api/{pageSize}");
        var reference = Reference.Parse(pushed.ToString().Replace(registry.Server.Address, proxy.Address, StringComparison.Ordinal));
        var cosign = new Cosign("cosign3");
        await cosign.AttestAsync(keys.Key, reference.ToString(), _directory.Write("predicate.json", "{}"), Cancel);
        await cosign.SignAsync(keys.Other, reference.ToString(), cancellationToken: Cancel);
        await cosign.SignAsync(keys.Key, reference.ToString(), cancellationToken: Cancel);

        Assert.Equal(keys.Key.PublicKey, await VerifyAsync(reference, keys.Key));
        Assert.Equal(keys.Other.PublicKey, await VerifyAsync(reference, keys.Other));
        Assert.DoesNotContain(proxy.Requests, request => request.Method == "PUT" && request.Path.EndsWith(reference.Digest!.ToTag(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task RegistryThatDoesNotAnswer_SaysNothingAboutTheSignature()
    {
        await using var server = await RegistryServer.StartAsync(cancellationToken: Cancel);
        var key = keys.Key;
        var reference = await PushAsync("down", server.Address);
        await server.StopAsync();

        var failure = await Assert.ThrowsAsync<OciException>(() => VerifyAsync(reference, key));
        Assert.Equal(ModuleReason.RegistryUnreachable, failure.Reason);
        Assert.True(failure.IsTransient);
    }

    public void Dispose()
    {
        _client.Dispose();
        _directory.Dispose();
    }

    /// <summary>Something that is no bundle, and the artifact itself.</summary>
    private static ImageIndex WithBrokenFirst(ImageIndex index, Descriptor garbage, Reference reference) =>
        index with { Manifests = [garbage, garbage with { Digest = reference.Digest! }, .. index.Manifests] };

    /// <summary>Payloads with no signature, with one that is no base64, and with one that says that it is too large.</summary>
    private static Manifest WithBrokenFirst(Manifest manifest)
    {
        var layer = manifest.Layers.Single();
        var other = layer with { Annotations = new(StringComparer.Ordinal) { ["dev.cosignproject.cosign/signature"] = "?" } };
        return manifest with { Layers = [layer with { Annotations = null }, other, layer with { Size = long.MaxValue }, layer] };
    }

    private static string SignatureTag(Reference reference) =>
        reference.Repository.EndsWith("cosign2", StringComparison.Ordinal) ? reference.Digest!.ToTag() + ".sig" : reference.Digest!.ToTag();

    /// <summary>A new artifact, with its digest.</summary>
    private async Task<Reference> PushAsync(string repository, string? address = null)
    {
        var reference = Reference.Parse($"{address ?? registry.Server.Address}/{repository}:v1");
        var descriptor = await Artifacts.PushAsync(_client, reference, MediaTypes.WasmConfig, [(MediaTypes.Wasm, Samples.Module(Random.Shared.Next()))]);
        return reference.WithDigest(descriptor.Digest);
    }

    private async Task<string> VerifyAsync(Reference reference, params CosignKey[] by)
    {
        var parsed = by.Select(key => SignatureKey.TryParse(key.PublicKeyPem, out var known, out var error) ? known : throw new FormatException(error)).ToList();
        return (await new SignatureVerifier(_client).VerifyAsync(reference, parsed, cancellationToken: Cancel)).Text;
    }

    private async Task<OciException> AssertInvalidAsync(Reference reference, string expected, params CosignKey[] by)
    {
        var failure = await Assert.ThrowsAsync<OciException>(() => VerifyAsync(reference, by));
        Assert.Equal(OciErrorKind.SignatureInvalid, failure.Kind);
        Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
        return failure;
    }

    /// <summary>Puts the signatures of one artifact where those of another are looked for, with what they sign changed.</summary>
    private async Task CopySignaturesAsync(Reference from, Reference to, Func<string, string>? change = null)
    {
        var tagged = await _client.Repository(from.WithTag(SignatureTag(from))).FetchManifestAsync(Cancel);
        if (!tagged.IsIndex)
        {
            await PushChangedAsync(tagged.ReadManifest(), SignatureTag(to), change);
            return;
        }

        var bundle = await _client.Repository(from).FetchManifestAsync(tagged.ReadIndex().Manifests.Single().Digest, Cancel);
        var copy = await PushChangedAsync(bundle.ReadManifest(), "copy", change is null ? null : json =>
        {
            var node = JsonNode.Parse(json)!;
            var payload = Encoding.UTF8.GetString(Convert.FromBase64String(node["dsseEnvelope"]!["payload"]!.GetValue<string>()));
            node["dsseEnvelope"]!["payload"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(change(payload)));
            return node.ToJsonString();
        });
        var index = new ImageIndex { SchemaVersion = 2, MediaType = MediaTypes.ImageIndex, Manifests = [copy] };
        await _client.Repository(to.WithTag(SignatureTag(to))).PushManifestAsync(
            JsonSerializer.SerializeToUtf8Bytes(index, ContentJsonContext.Default.ImageIndex), MediaTypes.ImageIndex, Cancel);

        async Task<Descriptor> PushChangedAsync(Manifest manifest, string tag, Func<string, string>? change)
        {
            var repository = _client.Repository(to.WithTag(tag));
            var layer = manifest.Layers.Single();
            using var reader = new StreamReader(await repository.FetchBlobAsync(layer, Cancel));
            var content = Encoding.UTF8.GetBytes((change ?? (text => text))(await reader.ReadToEndAsync(Cancel)));
            var changed = layer with { Digest = Digest.Compute(content), Size = content.Length };
            await repository.PushBlobAsync(changed, () => new MemoryStream(content), Cancel);
            return await repository.PushManifestAsync(
                JsonSerializer.SerializeToUtf8Bytes(manifest with { Layers = [changed] }, ContentJsonContext.Default.Manifest), MediaTypes.ImageManifest, Cancel);
        }
    }
}
