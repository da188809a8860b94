using System.Net;
using System.Text.Json;
using Wagi.TestCluster;
using Wagi.TestCluster.Http;
using Wagi.TestCluster.Processes;
using Wagi.TestCluster.Product;

namespace Wagi.EndToEnd.Faults;

/// <summary>
/// What goes wrong in a cluster, on the real parts. Each test has two tenants' modules served under load, does the harm, changes one of the
/// modules, and ends with <see cref="EndsAsCleanRunAsync"/>: nobody who looks only then can tell that there was any harm, and no request
/// has failed.
/// </summary>
[Collection(nameof(FaultsCollection))]
public abstract class FaultTests : IAsyncLifetime
{
    private const string First = "Hello, world (version 1)\n";
    private const string Second = "Hello, world (version 2)\n";

    private readonly FaultsFixture _fixture;
    private readonly List<ProductProcess> _operators = [];
    private readonly List<Load> _loads = [];

    protected FaultTests(FaultsFixture fixture)
    {
        Assert.SkipWhen(WholeSystem.WhyMissing is not null, WholeSystem.WhyMissing ?? "");
        _fixture = fixture;
    }

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected WholeSystem System => _fixture.System!;

    /// <summary>The way of an operator that was started over it to the API server.</summary>
    protected FaultyProxy ApiServer => _fixture.ApiServer;

    /// <summary>The way to the registry.</summary>
    protected FaultyProxy Registry => _fixture.Registry;

    /// <summary>The namespace of the module that is changed, and its route.</summary>
    protected string Tenant { get; private set; } = "";

    /// <summary>The namespace of the module that is left alone, and its route.</summary>
    protected string Neighbour { get; private set; } = "";

    /// <summary>Straight to the API server, or over <see cref="ApiServer"/>.</summary>
    protected ProductProcess StartOperator(bool overProxy = false, IEnumerable<string>? more = null, IReadOnlyList<string>? command = null)
    {
        var started = System.LaunchOperator(overProxy ? _fixture.KubeconfigPath : null, more, command);
        _operators.Add(started);
        return started;
    }

    /// <summary>Has the operator that runs by now serve the modules of both tenants, and puts load on them.</summary>
    /// <param name="runtime">Where the requests go; null: <see cref="WholeSystem.Runtime"/>.</param>
    protected async Task ServeAsync(RuntimeProcess? runtime = null)
    {
        Tenant = await System.CreateNamespaceAsync();
        Neighbour = await System.CreateNamespaceAsync();
        foreach (var space in new[] { Tenant, Neighbour })
        {
            await System.PushAsync(Checkout.Sample("hello-c")!, $"{space}/hello:v1");
            await System.ApplyModuleAsync(space, "hello", Spec(space, "v1"));
        }

        await System.PushAsync(Checkout.Sample("hello-c-v2")!, $"{Tenant}/hello:v2");
        foreach (var space in new[] { Tenant, Neighbour })
        {
            await System.WaitAsync(space, "hello", "Ready");
            _loads.Add(await Load.StartAsync((runtime ?? System.Runtime).Client, $"/{space}", clients: 2));
        }
    }

    /// <summary>The tenant's module gets another version.</summary>
    /// <param name="tag">Its tag, which has been pushed.</param>
    protected Task ChangeAsync(string tag = "v2") => System.ApplyModuleAsync(Tenant, "hello", Spec(Tenant, tag));

    /// <summary>Waits until the runtime serves the changed module.</summary>
    protected Task ChangeArrivesAsync(RuntimeProcess? runtime = null) =>
        (runtime ?? System.Runtime).AnswerAsync($"/{Tenant}", HttpStatusCode.OK, body => body == Second, Cancellation);

    /// <summary>
    /// What the operator has written is what <c>wagi-operator render</c>, which knows no past, makes of the manifests; every status says that
    /// all is well; the answers are right; and no request has failed.
    /// </summary>
    protected async Task EndsAsCleanRunAsync(RuntimeProcess? runtime = null)
    {
        await ChangeArrivesAsync(runtime);
        await Eventually.Becomes(StatusesAsync, statuses => statuses.All(status => status == "all is well"), cancellationToken: Cancellation);
        await Eventually.Becomes(WrittenAsync, written => written.Data == written.Rendered, cancellationToken: Cancellation, waitingFor: "what a clean run writes");
        Assert.Equal(First, await (runtime ?? System.Runtime).Client.GetStringAsync($"/{Neighbour}", Cancellation));
        Assert.Equal(Second, await (runtime ?? System.Runtime).Client.GetStringAsync($"/{Tenant}", Cancellation));
        foreach (var load in _loads)
        {
            Assert.Empty(await load.StopAsync());
        }
    }

    /// <summary>The data of the generated ConfigMap or Secret; null when there is none.</summary>
    protected async Task<string?> DataAsync(string resource, CancellationToken cancellationToken)
    {
        using var found = await System.ControlPlane.GetJsonAsync($"/api/v1/namespaces/{WholeSystem.SystemNamespace}/{resource}/wagi-modules", cancellationToken);
        return found is null ? null : found.RootElement.TryGetProperty("data", out var data) ? data.GetRawText() : "{}";
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        ApiServer.Heal();
        Registry.Heal();
        foreach (var load in _loads)
        {
            await load.DisposeAsync();
        }

        foreach (var running in _operators)
        {
            await running.DisposeAsync();
        }

        foreach (var space in new[] { Tenant, Neighbour }.Where(space => space.Length > 0))
        {
            await System.ControlPlane.KubectlAsync("delete", "wagimodule", "--all", "-n", space);
        }

        // The Lease of one that was killed would have to run out first.
        await System.ControlPlane.KubectlAsync("delete", "lease", "wagi-operator", "-n", WholeSystem.SystemNamespace, "--ignore-not-found");
        if (TestContext.Current.TestState?.Result == TestResult.Failed)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', _operators.Select(running => running.Log)));
        }
    }

    private string[] Spec(string space, string tag) => [$"route: /{space}", $"module: oci://{Registry.Address}/{space}/hello:{tag}"];

    private async Task<IReadOnlyList<string>> StatusesAsync(CancellationToken cancellationToken)
    {
        using var modules = await System.ControlPlane.GetJsonAsync("/apis/wagi.dev/v1alpha1/wagimodules", cancellationToken);
        return [.. modules!.RootElement.GetProperty("items").EnumerateArray().Select(Judge)];
    }

    private static string Judge(JsonElement module)
    {
        var generation = module.GetProperty("metadata").GetProperty("generation").GetInt64();
        var status = module.GetProperty("status");
        var isGood = status.GetProperty("observedGeneration").GetInt64() == generation
            && status.GetProperty("runtimes").GetProperty("summary").GetString() == "all"
            && status.GetProperty("conditions").EnumerateArray().All(condition =>
                condition.GetProperty("status").GetString() == "True" && condition.GetProperty("observedGeneration").GetInt64() == generation);
        return isGood ? "all is well" : $"generation {generation}: {status}";
    }

    private async Task<(string Data, string Rendered)> WrittenAsync(CancellationToken cancellationToken)
    {
        using var directory = new TempDirectory("clean-run");
        var manifests = (await System.ControlPlane.KubectlAsync("get", "wagimodules", "--all-namespaces", "-o", "yaml")).EnsureSuccess().Stdout;
        var rendered = (await Command.RunAsync(
            Checkout.Operator, ["render", directory.Write("modules.yaml", manifests), "--resolve"], cancellationToken: cancellationToken)).EnsureSuccess().Stdout;
        using var configMap = await System.ControlPlane.GetJsonAsync(
            $"/api/v1/namespaces/{WholeSystem.SystemNamespace}/configmaps/wagi-modules", cancellationToken);
        var data = configMap!.RootElement.GetProperty("data").EnumerateObject().ToDictionary(pair => pair.Name, pair => pair.Value.GetString()!);
        var secrets = await DataAsync("secrets", cancellationToken);
        return ($"{string.Join(' ', data.Keys)}, Secret {secrets}\n{data.GetValueOrDefault("modules.toml")}", $"modules.toml, Secret {{}}\n{rendered}");
    }
}
