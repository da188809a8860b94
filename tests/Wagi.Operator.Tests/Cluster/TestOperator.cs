using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;
using Wagi.Kubernetes.ApiServer;
using Wagi.Kubernetes.Resources;
using Wagi.Operator.Instance;
using Wagi.Operator.Runtimes;
using Wagi.TestCluster;
using Wagi.TestCluster.Kubernetes;
using Wagi.TestCluster.Processes;

namespace Wagi.Operator.Tests.Cluster;

/// <summary>An operator on a real API server, with a namespace for tenants and one of its own.</summary>
internal sealed class TestOperator : IAsyncDisposable
{
    /// <summary>What the schema, the API server and etcd say.</summary>
    private static readonly string[] Refusals = [" is invalid: ", "too large", "larger than max"];

    private readonly ControlPlane _controlPlane;
    private readonly ApiServerClient _client;
    private readonly string _kubeconfig;

    private TestOperator(ControlPlane controlPlane, string tenant, string system, string kubeconfig, OperatorOptions options)
    {
        _controlPlane = controlPlane;
        Tenant = tenant;
        System = system;
        _kubeconfig = kubeconfig;
        Options = options;
        _client = new ApiServerClient(OperatorApplication.FieldManager, Kubeconfig.Load(controlPlane.KubeconfigPath, null));
    }

    /// <summary>The namespace of the WagiModules.</summary>
    public string Tenant { get; }

    /// <summary>The operator's namespace.</summary>
    public string System { get; }

    /// <summary>The file that leads to the API server.</summary>
    public string KubeconfigPath => _kubeconfig;

    /// <summary>What the operator is told at its next start.</summary>
    public OperatorOptions Options { get; set; }

    /// <summary>Answers in the place of the API server, from the next start on; null: nothing is answered for it.</summary>
    public Func<HttpRequestMessage, string, HttpResponseMessage?>? Intercept { get; set; }

    /// <summary>What a request to the API server waits for, from the next start on.</summary>
    public Func<HttpRequestMessage, Task>? HoldUp { get; set; }

    public WebApplication? Application { get; private set; }

    /// <summary>Makes the namespaces and starts an operator.</summary>
    public static async Task<TestOperator> StartAsync(
        ClusterFixture cluster, Func<OperatorOptions, OperatorOptions>? configure = null, string? kubeconfig = null) =>
        await StartAsync(await cluster.ControlPlaneAsync(), configure, kubeconfig);

    /// <inheritdoc cref="StartAsync(ClusterFixture, Func{OperatorOptions, OperatorOptions}?, string?)"/>
    public static async Task<TestOperator> StartAsync(
        ControlPlane controlPlane, Func<OperatorOptions, OperatorOptions>? configure = null, string? kubeconfig = null)
    {
        var test = await CreateAsync(controlPlane, configure, kubeconfig);
        await test.StartAgainAsync();
        return test;
    }

    /// <summary>Makes the namespaces only.</summary>
    public static async Task<TestOperator> CreateAsync(
        ControlPlane controlPlane, Func<OperatorOptions, OperatorOptions>? configure = null, string? kubeconfig = null)
    {
        var tenant = $"t-{Guid.NewGuid():N}"[..12];
        var options = new OperatorOptions
        {
            Namespace = tenant + "-system",
            WatchNamespace = tenant,
            Health = new IPEndPoint(IPAddress.Loopback, 0),
            RuntimePace = new RuntimePace { Unsettled = TimeSpan.FromMilliseconds(200) },
        };
        options = configure?.Invoke(options) ?? options;
        await ApplyAsync(controlPlane, $$"""
            { apiVersion: v1, kind: List, items: [
              { apiVersion: v1, kind: Namespace, metadata: { name: "{{tenant}}" } },
              { apiVersion: v1, kind: Namespace, metadata: { name: "{{options.Namespace}}" } } ] }
            """);
        return new TestOperator(controlPlane, tenant, options.Namespace, kubeconfig ?? controlPlane.KubeconfigPath, options);
    }

    /// <summary>Starts another instance on the same namespaces.</summary>
    /// <param name="options">What it is told.</param>
    /// <param name="system">Another namespace of the operator, which is made; null: the same one.</param>
    public async Task<TestOperator> BesideAsync(OperatorOptions options, string? system = null)
    {
        if (system is not null)
        {
            await ApplyAsync(_controlPlane, $$"""{ apiVersion: v1, kind: Namespace, metadata: { name: "{{system}}" } }""");
        }

        var other = new TestOperator(_controlPlane, Tenant, system ?? System, _kubeconfig, options);
        await other.StartAgainAsync();
        return other;
    }

    /// <summary>Starts the operator, again.</summary>
    public async Task StartAgainAsync()
    {
        Application = OperatorApplication.Build(
            Kubeconfig.Load(_kubeconfig, null), Options, handlers: [new Interceptor(Intercept, HoldUp)]);
        await Application.StartAsync();
    }

    /// <summary>Stops the operator as SIGTERM does.</summary>
    public async Task StopAsync()
    {
        if (Application is null)
        {
            return;
        }

        await Application.StopAsync();
        await Application.DisposeAsync();
        Application = null;
    }

    /// <summary>Applies a WagiModule in the tenant's namespace.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="spec">Its spec as JSON or YAML flow style.</param>
    public Task ApplyModuleAsync(string name, string spec) => ApplyAsync(Module(name, spec));

    /// <summary>The manifest of a WagiModule.</summary>
    public string Module(string name, string spec) =>
        $$"""{ apiVersion: wagi.dev/v1alpha1, kind: WagiModule, metadata: { name: "{{name}}", namespace: "{{Tenant}}" }, spec: {{spec}} }""";

    /// <summary>kubectl apply.</summary>
    public Task ApplyAsync(string manifest) => ApplyAsync(_controlPlane, manifest);

    /// <summary>kubectl create, which adds nothing to the object.</summary>
    public async Task CreateAsync(string manifest) => (await _controlPlane.KubectlAsync(["create", "-f", "-"], manifest)).EnsureSuccess();

    /// <summary>The same of an object that may not fit the schema, or be too large; false: that is so.</summary>
    public async Task<bool> TryCreateAsync(string manifest)
    {
        var created = await _controlPlane.KubectlAsync(["create", "-f", "-"], manifest);
        if (created.ExitCode != 0 && Refusals.Any(refusal => created.Stderr.Contains(refusal, StringComparison.Ordinal)))
        {
            return false;
        }

        created.EnsureSuccess();
        return true;
    }

    /// <summary>kubectl.</summary>
    public async Task KubectlAsync(params string[] args) => (await _controlPlane.KubectlAsync(args)).EnsureSuccess();

    /// <summary>The <c>modules.toml</c> in force; null when there is no ConfigMap.</summary>
    public async Task<string?> TomlAsync(CancellationToken cancellationToken = default)
    {
        var configMap = await FindAsync(ApiResource.ConfigMaps, new ObjectKey(System, "wagi-modules"), cancellationToken);
        return configMap?["data"]?["modules.toml"]?.GetValue<string>();
    }

    /// <summary>The data of the generated Secret, decoded; null when there is none.</summary>
    public async Task<Dictionary<string, string>?> SecretAsync(CancellationToken cancellationToken = default)
    {
        var secret = await FindAsync(ApiResource.Secrets, new ObjectKey(System, "wagi-modules"), cancellationToken);
        return secret is null
            ? null
            : (secret["data"] as JsonObject ?? []).ToDictionary(
                pair => pair.Key, pair => global::System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(pair.Value!.GetValue<string>())));
    }

    /// <summary>An object; null when there is none.</summary>
    public async Task<JsonNode?> FindAsync(ApiResource resource, ObjectKey key, CancellationToken cancellationToken = default)
    {
        try
        {
            var found = await _client.GetAsync(resource.PathOf(key), ApiServerJsonContext.Default.JsonElement, null, cancellationToken);
            return JsonNode.Parse(found.GetRawText());
        }
        catch (ApiServerException exception) when (exception.IsNotFound)
        {
            return null;
        }
    }

    /// <summary>A WagiModule; null when there is none.</summary>
    public Task<JsonNode?> ModuleAsync(string name, CancellationToken cancellationToken = default) =>
        FindAsync(WagiModules.Resource, new ObjectKey(Tenant, name), cancellationToken);

    /// <summary>The items of a collection in the tenant's namespace.</summary>
    public async Task<IReadOnlyList<JsonNode>> ListAsync(ApiResource resource, CancellationToken cancellationToken = default)
    {
        var list = await _client.GetAsync(resource.PathOf(Tenant), ApiServerJsonContext.Default.JsonElement, null, cancellationToken);
        return [.. JsonNode.Parse(list.GetRawText())!["items"]!.AsArray().Select(item => item!)];
    }

    /// <summary>A condition as <c>Status/Reason: Message</c>; empty while there is none.</summary>
    public async Task<string> ConditionAsync(string name, string type, CancellationToken cancellationToken = default)
    {
        var module = await ModuleAsync(name, cancellationToken);
        var condition = (module?["status"]?["conditions"] as JsonArray)?.FirstOrDefault(condition => (string?)condition!["type"] == type);
        return condition is null ? "" : $"{condition["status"]}/{condition["reason"]}: {condition["message"]}";
    }

    /// <summary>Waits for a condition, given as the beginning of <c>Status/Reason: Message</c>, and returns all of it.</summary>
    public Task<string> ConditionBecomesAsync(string name, string type, string expected, TimeSpan? deadline = null) =>
        Eventually.Becomes(
            token => ConditionAsync(name, type, token),
            condition => condition.StartsWith(expected, StringComparison.Ordinal),
            deadline,
            waitingFor: $"{type} of {name} to be {expected}");

    /// <summary>Waits for the condition <c>Accepted</c> of a WagiClass, given as the beginning of <c>Status/Reason: Message</c>, and returns all of it.</summary>
    public Task<string> ClassConditionBecomesAsync(string name, string expected) => Eventually.Becomes(
        async token =>
        {
            var item = await FindAsync(WagiClasses.Resource, WagiClasses.KeyOf(name), token);
            return item?["status"]?["conditions"]?[0] is { } condition ? $"{condition["status"]}/{condition["reason"]}: {condition["message"]}" : "";
        },
        condition => condition.StartsWith(expected, StringComparison.Ordinal),
        waitingFor: $"WagiClass {name} to be {expected}");

    /// <summary>Waits for the <c>modules.toml</c> in force.</summary>
    public Task<string?> TomlBecomesAsync(Func<string, bool> expected, string waitingFor, TimeSpan? deadline = null) =>
        Eventually.Becomes(TomlAsync, toml => toml is not null && expected(toml), deadline, waitingFor: waitingFor);

    /// <summary>Makes a runtime pod in the operator's namespace. Not by <c>kubectl apply</c>, which would annotate it.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="status">Its status, as JSON.</param>
    /// <param name="labels">Further labels, each with a comma before it.</param>
    public async Task CreateRuntimePodAsync(string name, string status, string labels = "")
    {
        await CreateAsync($$"""
            { "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "{{name}}", "namespace": "{{System}}",
              "labels": { "app.kubernetes.io/name": "wagi-operator", "app.kubernetes.io/component": "runtime"{{labels}} } },
              "spec": { "containers": [{ "name": "wagi", "image": "wagi" }],
                        "securityContext": { "seccompProfile": { "type": "RuntimeDefault" } } } }
            """);
        await SetPodStatusAsync(name, status);
    }

    /// <summary>Plays the kubelet: writes the status of a pod in the operator's namespace.</summary>
    public Task SetPodStatusAsync(string name, string status) => _client.MergeAsync(
        ApiResource.Pods.PathOf(new ObjectKey(System, name)) + "/status",
        new JsonObject { ["status"] = JsonNode.Parse(status) },
        ApiServerJsonContext.Default.PartialObject,
        isSecret: false,
        CancellationToken.None);

    /// <summary>Writes the status of a WagiModule, as somebody with the right to do so may.</summary>
    public Task SetModuleStatusAsync(string name, string status) => _client.MergeAsync(
        WagiModules.Resource.PathOf(new ObjectKey(Tenant, name)) + "/status",
        new JsonObject { ["status"] = JsonNode.Parse(status) },
        ApiServerJsonContext.Default.PartialObject,
        isSecret: false,
        CancellationToken.None);

    /// <summary>What the operator answers on its health address, whatever the status.</summary>
    public async Task<string> HttpAsync(string path, CancellationToken cancellationToken = default)
    {
        using var http = new HttpClient();
        using var answer = await http.GetAsync(new Uri(new Uri(Application!.Urls.First()), path), cancellationToken);
        return await answer.Content.ReadAsStringAsync(cancellationToken);
    }

    // Without the marker kubectl takes what begins with a brace for JSON.
    private static Task<CommandResult> ApplyAsync(ControlPlane controlPlane, string manifest) => controlPlane.ApplyAsync("---\n" + manifest);

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _client.Dispose();
    }

    private sealed class Interceptor(Func<HttpRequestMessage, string, HttpResponseMessage?>? intercept, Func<HttpRequestMessage, Task>? holdUp) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
            await (holdUp?.Invoke(request) ?? Task.CompletedTask).WaitAsync(cancellationToken);
            return intercept?.Invoke(request, body) ?? await base.SendAsync(request, cancellationToken);
        }
    }
}
