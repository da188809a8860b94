using Wagi.Oci.Modules;
using Wagi.Oci.References;
using Wagi.Oci.Remote;
using Wagi.Oci.Tests.Registries;
using Wagi.TestCluster;
using Wagi.TestCluster.Processes;

namespace Wagi.Oci.Tests.Modules;

/// <summary>What ORAS pushes is pulled here, and the other way round.</summary>
public sealed class OrasInteroperabilityTests(AnonymousRegistry registry) : IClassFixture<AnonymousRegistry>, IDisposable
{
    private readonly TempDirectory _directory = new("oras");
    private readonly RegistryClient _client = new();

    [Theory]
    [InlineData("typed", ":application/wasm", "application/wasm")]
    [InlineData("wasm-to-oci", ":application/vnd.wasm.content.layer.v1+wasm", "application/vnd.wasm.content.layer.v1+wasm")]
    // Without a type, ORAS calls any file a tar layer.
    [InlineData("untyped", "", "application/vnd.oci.image.layer.v1.tar")]
    public async Task OrasPush_Is_PulledHere(string name, string type, string expected)
    {
        var oras = Oras();
        File.WriteAllBytes(_directory.PathOf("hello.wasm"), Samples.Module(31, 100_000));
        var reference = $"{registry.Server.Address}/oras/{name}:v1";

        await oras("push", "--plain-http", "--disable-path-validation", reference, _directory.PathOf("hello.wasm") + type);
        using var pulled = new MemoryStream();
        var module = await new WasmModuleSource(_client).PullAsync(Reference.Parse(reference), pulled, cancellationToken: Cancel);

        Assert.Equal(Samples.Module(31, 100_000), pulled.ToArray());
        Assert.Equal(expected, module.MediaType);
    }

    [Theory]
    [InlineData(PublishLayout.Cncf)]
    [InlineData(PublishLayout.WasmToOci)]
    public async Task PushFromHere_Is_PulledByOras(PublishLayout layout)
    {
        var oras = Oras();
        File.WriteAllBytes(_directory.PathOf("hello.wasm"), Samples.Module(32, 100_000));
        var reference = Reference.Parse($"{registry.Server.Address}/wagi/{layout.ToString().ToLowerInvariant()}:v1");

        var pushed = await new ModulePublisher(_client).PublishAsync(
            _directory.PathOf("hello.wasm"), reference, new PublishOptions { Layout = layout }, cancellationToken: Cancel);
        var target = Directory.CreateDirectory(_directory.PathOf("pulled")).FullName;
        await oras("pull", "--plain-http", "-o", target, reference.ToString());
        var resolved = await oras("resolve", "--plain-http", reference.ToString());

        Assert.Equal(Samples.Module(32, 100_000), File.ReadAllBytes(Path.Combine(target, "hello.wasm")));
        Assert.Equal(pushed.Manifest.Digest.ToString(), resolved.Stdout.Trim());
    }

    public void Dispose()
    {
        _client.Dispose();
        _directory.Dispose();
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private delegate Task<CommandResult> OrasCommand(params string[] args);

    private static OrasCommand Oras()
    {
        Assert.SkipWhen(TestTools.WhyMissing("oras") is not null, TestTools.WhyMissing("oras") ?? "");
        return async args => (await Command.RunAsync("oras", args, cancellationToken: Cancel)).EnsureSuccess();
    }
}
