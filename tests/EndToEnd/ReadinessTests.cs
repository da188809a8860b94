using System.Net;
using Wagi.Modules.Status;
using Wagi.TestCluster;
using Wagi.TestCluster.Product;

namespace Wagi.EndToEnd;

/// <summary>When a runtime that starts beside others says that it is ready.</summary>
public sealed class ReadinessTests : IAsyncDisposable
{
    private const string Toml = "[[module]]\nid = \"a\"\nroute = \"/a\"\nmodule = \"a.wat\"\n";

    // Nobody listens at the port tcpmux.
    private const string TomlOutOfReach = "[[module]]\nid = \"a\"\nroute = \"/a\"\nmodule = \"oci://127.0.0.1:1/a:1\"\n";
    private const string Handler = "(module (func (export \"_start\")))";

    private readonly TempDirectory _old = new("readiness-old");
    private readonly TempDirectory _new = new("readiness-new");
    private readonly List<RuntimeProcess> _runtimes = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private Task<RuntimeProcess> StartAsync(TempDirectory directory, params string[] more) => StartAsync(directory, Toml, more);

    private async Task<RuntimeProcess> StartAsync(TempDirectory directory, string toml, string[] more)
    {
        Assert.SkipWhen(!File.Exists(Checkout.Wagi), "the programs are not published: run 'make publish'");
        directory.Write("modules.toml", toml);
        var runtime = await RuntimeProcess.StartAsync(
            directory.PathOf("modules.toml"), directory.PathOf("cache"), secrets: null, Cancellation, more);
        _runtimes.Add(runtime);
        return runtime;
    }

    private static Task<string> ReadyAsync(RuntimeProcess runtime, HttpStatusCode expected, string text) =>
        Eventually.Becomes(
            async token =>
            {
                using var response = await runtime.Admin.GetAsync("/healthz/ready", token);
                return $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync(token)}";
            },
            answer => answer.StartsWith($"{(int)expected} ", StringComparison.Ordinal) && answer.Contains(text, StringComparison.Ordinal),
            cancellationToken: Cancellation);

    [Fact]
    public async Task ModuleWhoseRegistryIsOutOfReach_KeepsThisRuntimeUnready_UntilItIsLoaded()
    {
        _old.Write("a.wat", Handler);
        var old = await StartAsync(_old);
        await old.ModuleAsync("a", module => module.State == ModuleState.Ready, Cancellation);

        var runtime = await StartAsync(_new, TomlOutOfReach, ["--peers", old.AdminUrl]);
        await ReadyAsync(runtime, HttpStatusCode.ServiceUnavailable, "module a failed here (RegistryUnreachable) and is served by another runtime");
        Assert.False((await runtime.StatusAsync(Cancellation)).Ready);

        _new.Write("a.wat", Handler);
        _new.Write("modules.toml", Toml);
        await ReadyAsync(runtime, HttpStatusCode.OK, "ok");
    }

    [Fact]
    public async Task ModuleWhoseRegistryIsOutOfReach_KeepsNobodyWaiting_WhenTheOtherRuntimeIsGone()
    {
        _old.Write("a.wat", Handler);
        var old = await StartAsync(_old);
        await old.ModuleAsync("a", module => module.State == ModuleState.Ready, Cancellation);
        var runtime = await StartAsync(_new, TomlOutOfReach, ["--peers", old.AdminUrl]);
        await ReadyAsync(runtime, HttpStatusCode.ServiceUnavailable, "served by another runtime");

        await old.TerminateAsync(Cancellation);
        await ReadyAsync(runtime, HttpStatusCode.OK, "ok");
    }

    [Fact]
    public async Task ModuleThatIsGone_KeepsNobodyWaiting_ThoughAnotherRuntimeServesIt()
    {
        _old.Write("a.wat", Handler);
        var old = await StartAsync(_old);
        await old.ModuleAsync("a", module => module.State == ModuleState.Ready, Cancellation);

        var runtime = await StartAsync(_new, "--peers", old.AdminUrl);

        await ReadyAsync(runtime, HttpStatusCode.OK, "ok");
        Assert.Equal(ModuleReason.NotFound, Assert.Single((await runtime.StatusAsync(Cancellation)).Modules).Reason);
    }

    [Fact]
    public async Task ModuleThatFailedEverywhere_KeepsNobodyWaiting()
    {
        var old = await StartAsync(_old);
        await ReadyAsync(old, HttpStatusCode.OK, "ok");

        var runtime = await StartAsync(_new, "--peers", old.AdminUrl);

        await ReadyAsync(runtime, HttpStatusCode.OK, "ok");
        Assert.Equal(ModuleReason.NotFound, Assert.Single((await runtime.StatusAsync(Cancellation)).Modules).Reason);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var runtime in _runtimes)
        {
            await runtime.DisposeAsync();
        }

        _old.Dispose();
        _new.Dispose();
    }
}
