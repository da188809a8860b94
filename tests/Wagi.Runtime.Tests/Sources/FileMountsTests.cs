using Microsoft.Extensions.Logging.Abstractions;
using Wagi.Modules.Configuration;
using Wagi.Modules.Routes;
using Wagi.Modules.Secrets;
using Wagi.Modules.Sources;
using Wagi.Modules.Status;
using Wagi.Modules.Volumes;
using Wagi.Oci.Authentication;
using Wagi.Oci.Files;
using Wagi.Oci.References;
using Wagi.Oci.Remote;
using Wagi.Oci.Signatures;
using Wagi.Runtime.Cache;
using Wagi.Runtime.Progress;
using Wagi.Runtime.Sources;
using Wagi.Runtime.Tests.Commands;
using Wagi.Runtime.Tests.Harness;
using Wagi.Runtime.Tests.Volumes;
using Wagi.TestCluster;
using Wagi.TestCluster.Registry;

namespace Wagi.Runtime.Tests.Sources;

/// <summary>Files from a real registry, as a module gets them.</summary>
public sealed class FileMountsTests : IDisposable
{
    private readonly TempDirectory _temporary = new("file-mounts");
    private readonly RegistryClient _client = new(new RegistryClientOptions { Attempts = 1 });

    public FileMountsTests()
    {
        Assert.SkipWhen(TestTools.WhyMissing(RegistryServer.Program) is not null, TestTools.WhyMissing(RegistryServer.Program) ?? "");
        _temporary.Write("site/index.html", "<h1>hello</h1>");
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Cache => _temporary.PathOf("cache");

    private static ModuleEntry Entry(string reference, string id = "default/a") => new()
    {
        Id = id,
        Route = RoutePattern.Parse("/a"),
        Module = new ModuleReference(ModuleScheme.File, "a.wasm"),
        Files = [new FilesMount(new ModuleReference(ModuleScheme.Oci, reference), "/data")],
    };

    private FileMounts Mounts()
    {
        var cache = new CacheDirectory(Cache);
        cache.Prepare();
        var grants = new BlobGrants(cache, NullLogger<BlobGrants>.Instance);
        return new FileMounts(
            _client,
            new BlobCache(cache, NullLogger<BlobCache>.Instance),
            new FileFolders(cache, NullLogger<FileFolders>.Instance),
            grants,
            new ReferenceCache(cache, NullLogger<ReferenceCache>.Instance),
            new SignatureCheck(new SignatureVerifier(_client), grants, NullLogger<SignatureCheck>.Instance),
            _temporary.FullPath,
            ProgressDisplay.None,
            NullLogger<FileMounts>.Instance);
    }

    private async Task<string> PushAsync(RegistryServer registry, ICredentialStore? credentials = null) =>
        (await new FilesPublisher(_client).PublishAsync(
            _temporary.PathOf("site"), Reference.Parse($"{registry.Address}/a/site:v1"), credentials: credentials, cancellationToken: Cancellation)).Reference.ToString();

    [Fact]
    public async Task Guest_ReadsThePushedFile_AndCannotWriteIt()
    {
        await using var registry = await RegistryServer.StartAsync(cancellationToken: Cancellation);
        using var files = await Mounts().FindAsync(Entry(await PushAsync(registry)), new ModuleSecrets { Version = "1" }, Cancellation);

        await using var reader = await HandlerHost.StartAsync(FileGuest.Reading("index.html"), entry: entry => entry with { Volumes = files.Volumes });
        Assert.Equal(FileGuest.Done + "<h1>hello</h1>", await reader.Client.GetStringAsync("/"));
        await using var writer = await HandlerHost.StartAsync(FileGuest.Writing("index.html"), entry: entry => entry with { Volumes = files.Volumes });
        Assert.NotEqual(FileGuest.Done, await writer.Client.GetStringAsync("/"));
    }

    [Fact]
    public async Task Files_AreUnpackedOnce_AndServedWithTheRegistryDown_UnlessTheyAreDamaged()
    {
        await using var registry = await RegistryServer.StartAsync(cancellationToken: Cancellation);
        var reference = await PushAsync(registry);
        string folder;
        using (var first = await Mounts().FindAsync(Entry(reference), new ModuleSecrets { Version = "1" }, Cancellation))
        {
            folder = Assert.Single(first.Volumes).HostPath;
        }

        File.WriteAllText(Path.Combine(folder, "index.html"), "damaged");
        using (var mended = await Mounts().FindAsync(Entry(reference), new ModuleSecrets { Version = "1" }, Cancellation))
        {
            Assert.Equal(folder, mended.Volumes[0].HostPath);
            Assert.Equal("<h1>hello</h1>", File.ReadAllText(Path.Combine(folder, "index.html")));
        }

        await registry.StopAsync();
        using var cached = await Mounts().FindAsync(Entry(reference, "default/other"), new ModuleSecrets { Version = "1" }, Cancellation);
        Assert.Equal(folder, cached.Volumes[0].HostPath);
        Assert.Single(Directory.GetDirectories(Path.Combine(Cache, "files")));
    }

    [Fact]
    public async Task PrivateFiles_NeedTheTenantsOwnCredentials_EvenWhenTheyAreCached()
    {
        await using var registry = await RegistryServer.StartAsync(new RegistryOptions { Authentication = RegistryAuthentication.Basic }, Cancellation);
        var auth = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{registry.User}:{registry.Password}"));
        var config = $$$"""{"auths":{"{{{registry.Address}}}":{"auth":"{{{auth}}}"} } }""";
        var reference = await PushAsync(registry, DockerConfigCredentialStore.FromPullSecret(config));
        using var owner = await Mounts().FindAsync(Entry(reference, "owner/a"), new ModuleSecrets { Version = "1", DockerConfigs = [config] }, Cancellation);

        var refused = await Assert.ThrowsAsync<ModuleSourceException>(
            () => Mounts().FindAsync(Entry(reference, "stranger/a"), new ModuleSecrets { Version = "1" }, Cancellation));

        Assert.Equal(ModuleReason.Unauthorized, refused.Reason);
    }

    [Fact]
    public async Task Check_PullsTheFiles_AndSaysWhatIsMissing()
    {
        await using var registry = await RegistryServer.StartAsync(cancellationToken: Cancellation);
        var pushed = await CommandFolder.RunAsync("push", "--files", _temporary.PathOf("site"), $"{registry.Address}/cli/site:v1");
        Assert.Equal((0, ""), (pushed.Code, pushed.Error));
        _temporary.Write("hello.wat", Wat.Printing("hello"));
        var toml = _temporary.Write("modules.toml", $$"""
            [[module]]
            route = "/a"
            module = "hello.wat"
            files = [{ reference = "{{pushed.Output.Trim()}}", path = "/site" }]

            [[module]]
            route = "/b"
            module = "hello.wat"
            files = [{ reference = "site", path = "/site" }]

            [[module]]
            route = "/c"
            module = "hello.wat"
            files = [{ reference = "oci://{{registry.Address}}/cli/nothing:v1", path = "/site" }]
            """);

        var outcome = await CommandFolder.RunAsync("check", toml, "--module-cache", Cache);

        Assert.Equal(1, outcome.Code);
        Assert.Contains("module '/c': files at '/site':", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("3 modules, 1 error", outcome.Error, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _client.Dispose();
        _temporary.Dispose();
    }
}
