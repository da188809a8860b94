using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using Wagi.Hosting.Supervision;
using Wagi.Modules.Configuration;
using Wagi.Modules.Secrets;
using Wagi.Modules.Status;
using Wagi.Oci.Modules;
using Wagi.Oci.References;
using Wagi.Oci.Remote;
using Wagi.Runtime.Cache;
using Wagi.Runtime.Composition;
using Wagi.Runtime.Loading;
using Wagi.Runtime.Progress;
using Wagi.TestCluster;
using Wagi.TestCluster.Registry;

namespace Wagi.Runtime.Tests.Composition;

/// <summary>From a line of <c>modules.toml</c> to what answers, with a real registry and what the real cosign signs.</summary>
public sealed class SignedModulesTests : IAsyncLifetime
{
    private readonly TempDirectory _folder = new("signed");
    private readonly RegistryClient _client = new();
    private RegistryServer _registry = null!;
    private CosignKey _key = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var missing = TestTools.WhyMissing([RegistryServer.Program, .. Cosign.Programs]);
        Assert.SkipWhen(missing is not null, missing ?? "");
        _registry = await RegistryServer.StartAsync(cancellationToken: Cancellation);
        _key = await new Cosign("cosign3").GenerateKeyAsync(_folder.PathOf("key"), Cancellation);
    }

    [Fact]
    public async Task Module_IsServedWhenItIsSigned_NotBefore_AndAfterARestartWithTheRegistryDown()
    {
        var digest = await PushAsync(1);
        await using (var runtime = new Runtime(_folder))
        {
            runtime.Apply(Entry(digest));
            var refused = await runtime.ModuleAsync(module => module.State == ModuleState.Failed);
            Assert.Equal(ModuleReason.SignatureInvalid, refused.Reason);
            Assert.Contains("has no signature", refused.Message, StringComparison.Ordinal);
            Assert.Null(refused.Serving);

            await SignAsync(digest);
            await runtime.ModuleAsync(module => module.State == ModuleState.Ready);
        }

        await _registry.StopAsync();
        await using (var runtime = new Runtime(_folder))
        {
            runtime.Apply(Entry(digest));
            Assert.EndsWith(digest, (await runtime.ModuleAsync(module => module.State == ModuleState.Ready)).Serving, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task UnsignedNewVersion_LeavesTheLastGoodOne()
    {
        var signed = await PushAsync(1);
        await SignAsync(signed);
        var unsigned = await PushAsync(2);
        await using var runtime = new Runtime(_folder);
        runtime.Apply(Entry(signed));
        await runtime.ModuleAsync(module => module.State == ModuleState.Ready);

        runtime.Apply(Entry(unsigned));
        var module = await runtime.ModuleAsync(module => module.State == ModuleState.Failed);
        Assert.Equal(ModuleReason.SignatureInvalid, module.Reason);
        Assert.EndsWith(signed, module.Serving, StringComparison.Ordinal);
        Assert.Equal(["/a"], module.Routes);
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        _folder.Dispose();
        return _registry?.DisposeAsync() ?? ValueTask.CompletedTask;
    }

    private string Entry(string digest) =>
        $$"""
        [[module]]
        id = "a"
        route = "/a"
        module = { reference = "oci://{{_registry.Address}}/team/a@{{digest}}", requires = ["signature"] }
        signature_keys = ["{{_key.PublicKey}}"]
        """;

    /// <summary>A module that exports <c>_start</c>, does nothing and differs by a custom section.</summary>
    private async Task<string> PushAsync(byte version)
    {
        byte[] wasm =
        [
            0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0,
            7, 10, 1, 6, .. "_start"u8, 0, 0, 10, 4, 1, 2, 0, 0x0b, 0, 2, 1, version,
        ];
        var published = await new ModulePublisher(_client).PublishAsync(
            wasm, "a.wasm", Reference.Parse($"{_registry.Address}/team/a:v{version}"), cancellationToken: Cancellation);
        return published.Reference.Digest!.ToString();
    }

    private Task SignAsync(string digest) => new Cosign("cosign3").SignAsync(_key, $"{_registry.Address}/team/a@{digest}", cancellationToken: Cancellation);

    private sealed class Runtime : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stopping = new();
        private readonly LoaderScope _loading;
        private readonly ModuleHost _host;
        private readonly Task _loop;

        public Runtime(TempDirectory folder)
        {
            var options = new LoaderOptions
            {
                BaseDirectory = folder.FullPath,
                Cache = new CacheOptions(folder.PathOf("cache"), CacheOptions.DefaultMaxBytes),
            };
            _loading = new LoaderScope(options, ProgressDisplay.None, NullLoggerFactory.Instance);
            _host = new ModuleHost(_loading.Loader, agreement: null, TimeProvider.System, NullLogger<ModuleHost>.Instance);
            _loop = Task.Run(() => _host.RunAsync(new LoopProgress(TimeProvider.System), _stopping.Token));
        }

        public void Apply(string toml) => _host.Apply(new DesiredModules
        {
            Path = "modules.toml",
            File = ModulesTomlReader.Read(toml, "modules.toml"),
            Digest = "sha256:" + new string('1', 64),
            ReadAt = TimeProvider.System.GetUtcNow(),
            Secrets = ImmutableDictionary<string, ModuleSecrets>.Empty,
            CanHaveSecrets = false,
        });

        public Task<ModuleStatus> ModuleAsync(Func<ModuleStatus, bool> condition) => Eventually.Becomes(
            _ => Task.FromResult(_host.Status!.Modules.Single()), condition, cancellationToken: Cancellation);

        public async ValueTask DisposeAsync()
        {
            await _stopping.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _loop);
            await _host.DisposeAsync();
            _loading.Dispose();
            _stopping.Dispose();
        }
    }
}
