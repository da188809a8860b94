using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Wagi.Modules.Signatures;
using Wagi.Oci.Content;
using Wagi.Oci.Errors;
using Wagi.Oci.References;
using Wagi.Oci.Remote;
using Wagi.Oci.Signatures;
using Wagi.Oci.Tests.Registries;

namespace Wagi.Oci.Tests.Signatures;

/// <summary>What only a registry that means harm answers.</summary>
public sealed class SignatureVerifierTests : IDisposable
{
    private static readonly Digest Subject = Digest.Compute("the artifact"u8);

    private readonly RegistryClient _client = new(new RegistryClientOptions { Attempts = 1 });
    private readonly ECDsa _pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly Dictionary<string, byte[]> _content = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Bundle_IsValid_WithWhatCosignMayAdd()
    {
        AddReferrers(Bundle(Statement()));
        Assert.Null(await FailureAsync());
    }

    /// <summary>What cosign signs is one kind of statement; every other says something else about the artifact, in the owner's name too.</summary>
    [Theory]
    [InlineData("https://in-toto.io/Statement/v1", "https://slsa.dev/provenance/v1")]
    [InlineData("https://in-toto.io/Statement/v1", null)]
    [InlineData("https://in-toto.io/Statement/v2", "https://sigstore.dev/cosign/sign/v1")]
    [InlineData(null, "https://sigstore.dev/cosign/sign/v1")]
    public async Task SignedStatementOfAnotherType_IsInvalid(string? type, string? predicate)
    {
        AddReferrers(Bundle(Statement(type, predicate)));
        Assert.Equal(OciErrorKind.SignatureInvalid, (await FailureAsync())?.Kind);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("not JSON")]
    [InlineData("""{"_type":"https://in-toto.io/Statement/v1","predicateType":"https://sigstore.dev/cosign/sign/v1"}""")]
    [InlineData("""{"_type":"https://in-toto.io/Statement/v1","predicateType":"https://sigstore.dev/cosign/sign/v1","subject":[null,{},{"digest":null},{"digest":{"sha256":null}}]}""")]
    public async Task SignedStatementAboutNothing_IsInvalid(string statement)
    {
        AddReferrers(Bundle(statement));
        Assert.Equal(OciErrorKind.SignatureInvalid, (await FailureAsync())?.Kind);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("""{"dsseEnvelope":null}""")]
    [InlineData("""{"dsseEnvelope":{}}""")]
    [InlineData("""{"dsseEnvelope":{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[]}}""")]
    [InlineData("""{"dsseEnvelope":{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[null]}}""")]
    [InlineData("""{"dsseEnvelope":{"payload":"?","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"AAAA"}]}}""")]
    [InlineData("""{"messageSignature":{"messageDigest":{"algorithm":"SHA2_256","digest":"AAAA"},"signature":"AAAA"}}""")]
    public async Task MalformedBundle_IsInvalid(string bundle)
    {
        AddReferrers(bundle);
        Assert.Equal(OciErrorKind.SignatureInvalid, (await FailureAsync())?.Kind);
    }

    /// <summary>The type is signed too: bytes that were signed as one thing must not count as another.</summary>
    [Fact]
    public async Task StatementThatWasSignedAsAnotherType_IsInvalid()
    {
        AddReferrers(Bundle(Statement(), payloadType: "text/plain"));
        Assert.Equal(OciErrorKind.SignatureInvalid, (await FailureAsync())?.Kind);
        AddReferrers(Bundle(Statement(), signedType: "text/plain"));
        Assert.Equal(OciErrorKind.SignatureInvalid, (await FailureAsync())?.Kind);
        AddReferrers(Bundle(Statement(), signatures: 2));
        Assert.Equal(OciErrorKind.SignatureInvalid, (await FailureAsync())?.Kind);
    }

    [Fact]
    public async Task NumberOfSignatures_ThatAreLookedAt_HasALimit()
    {
        var bundles = Enumerable.Range(0, 1000).Select(number => Bundle($"{{\"number\":{number}}}")).ToArray();
        AddReferrers([.. bundles.Take(SignatureVerifier.MaxSignatures - 1), Bundle(Statement())]);
        Assert.Null(await FailureAsync());

        AddReferrers([.. bundles, Bundle(Statement())]);
        await using var server = await StandInServer.StartAsync(AnswerAsync);
        await Assert.ThrowsAsync<OciException>(() => VerifyAsync(server));
        Assert.InRange(server.Requests.Count, SignatureVerifier.MaxSignatures, (4 * SignatureVerifier.MaxSignatures) + 10);
    }

    [Fact]
    public async Task Size_OfWhatIsRead_HasALimit()
    {
        AddReferrers(Bundle(Statement()) + new string(' ', SignatureVerifier.MaxSize));
        Assert.Contains("at most", (await FailureAsync())?.Message, StringComparison.Ordinal);
    }

    /// <summary>The list names itself as its next page.</summary>
    [Fact]
    public async Task PagesWithoutEnd_Come_ToAnEnd()
    {
        await using var server = await StandInServer.StartAsync(async context =>
        {
            context.Response.StatusCode = context.Request.Path.Value!.Contains("/referrers/", StringComparison.Ordinal) ? 200 : 404;
            context.Response.Headers.Link = $"<{context.Request.Path}?again>; rel=\"next\"";
            context.Response.ContentType = MediaTypes.ImageIndex;
            await context.Response.WriteAsync("""{"schemaVersion":2,"manifests":[]}""");
        });

        Assert.Equal(OciErrorKind.SignatureInvalid, (await Assert.ThrowsAsync<OciException>(() => VerifyAsync(server))).Kind);
        Assert.InRange(server.Requests.Count, 2, 20);
    }

    /// <summary>A failure says nothing about the signature, so that what is served is not taken for unsigned.</summary>
    [Theory]
    [InlineData(500, OciErrorKind.ServerError)]
    [InlineData(429, OciErrorKind.RateLimited)]
    [InlineData(401, OciErrorKind.Unauthorized)]
    [InlineData(403, OciErrorKind.Forbidden)]
    [InlineData(200, OciErrorKind.Protocol)]
    public async Task RegistryThatRefuses_SaysNothingAboutTheSignature(int status, OciErrorKind kind)
    {
        await using var server = await StandInServer.StartAsync(context =>
        {
            context.Response.StatusCode = status;
            context.Response.ContentType = "text/html";
            return context.Response.WriteAsync("<html>Please log in</html>");
        });
        Assert.Equal(kind, (await Assert.ThrowsAsync<OciException>(() => VerifyAsync(server))).Kind);
    }

    public void Dispose()
    {
        _client.Dispose();
        _pair.Dispose();
    }

    private static string Statement(string? type = "https://in-toto.io/Statement/v1", string? predicate = "https://sigstore.dev/cosign/sign/v1") => new JsonObject
    {
        ["_type"] = type,
        ["subject"] = new JsonArray(new JsonObject { ["digest"] = new JsonObject { [Subject.Algorithm] = Subject.Hex }, ["annotations"] = new JsonObject() }),
        ["predicateType"] = predicate,
        ["predicate"] = new JsonObject(),
    }.ToJsonString();

    private string Bundle(string statement, string payloadType = "application/vnd.in-toto+json", string? signedType = null, int signatures = 1)
    {
        var type = signedType ?? payloadType;
        var signature = _pair.SignData(
            Encoding.UTF8.GetBytes($"DSSEv1 {type.Length} {type} {Encoding.UTF8.GetByteCount(statement)} {statement}"), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        return new JsonObject
        {
            ["mediaType"] = MediaTypes.SigstoreBundle,
            ["verificationMaterial"] = new JsonObject { ["tlogEntries"] = new JsonArray() },
            ["dsseEnvelope"] = new JsonObject
            {
                ["payload"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(statement)),
                ["payloadType"] = payloadType,
                ["signatures"] = new JsonArray([.. Enumerable.Range(0, signatures).Select(_ => new JsonObject { ["sig"] = Convert.ToBase64String(signature), ["keyid"] = "" })]),
            },
        }.ToJsonString();
    }

    /// <summary>Makes these bundles the referrers of the artifact.</summary>
    private void AddReferrers(params string[] bundles)
    {
        _content.Clear();
        var manifests = bundles.Select(bundle => Descriptor(MediaTypes.ImageManifest, new JsonObject
        {
            ["schemaVersion"] = 2,
            ["config"] = Descriptor(MediaTypes.Empty, "{}"),
            ["layers"] = new JsonArray(Descriptor(MediaTypes.SigstoreBundle, bundle)),
        }.ToJsonString())).ToArray();
        _content["/v2/a/referrers/" + Subject] = Encoding.UTF8.GetBytes(new JsonObject { ["schemaVersion"] = 2, ["manifests"] = new JsonArray([.. manifests]) }.ToJsonString());
    }

    private JsonObject Descriptor(string mediaType, string content)
    {
        var bytes = Encoding.UTF8.GetBytes(content);
        var digest = Digest.Compute(bytes);
        _content[$"/v2/a/{(mediaType == MediaTypes.ImageManifest ? "manifests" : "blobs")}/{digest}"] = bytes;
        return new JsonObject { ["mediaType"] = mediaType, ["digest"] = digest.ToString(), ["size"] = bytes.Length };
    }

    private async Task AnswerAsync(HttpContext context)
    {
        if (!_content.TryGetValue(context.Request.Path.Value!, out var bytes))
        {
            context.Response.StatusCode = 404;
            return;
        }

        context.Response.ContentType = context.Request.Path.Value!.Contains("/referrers/", StringComparison.Ordinal) ? MediaTypes.ImageIndex : MediaTypes.ImageManifest;
        await context.Response.Body.WriteAsync(bytes, Cancel);
    }

    private async Task<OciException?> FailureAsync()
    {
        await using var server = await StandInServer.StartAsync(AnswerAsync);
        return await Record.ExceptionAsync(() => VerifyAsync(server)) is { } failure ? Assert.IsType<OciException>(failure) : null;
    }

    private Task<SignatureKey> VerifyAsync(StandInServer server)
    {
        Assert.True(SignatureKey.TryParse(Convert.ToBase64String(_pair.ExportSubjectPublicKeyInfo()), out var key, out _));
        return new SignatureVerifier(_client).VerifyAsync(Reference.Parse($"{server.Address}/a@{Subject}"), [key], cancellationToken: Cancel);
    }
}
