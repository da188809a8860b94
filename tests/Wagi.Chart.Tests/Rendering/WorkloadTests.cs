using System.Text.Json.Nodes;
using Wagi.Chart.Tests.Helm;

namespace Wagi.Chart.Tests.Rendering;

public sealed class WorkloadTests
{
    [Theory]
    [InlineData("", "ghcr.io/wagi-dev/wagi:0.1.0")]
    [InlineData("runtime.image.tag=v9", "ghcr.io/wagi-dev/wagi:v9")]
    [InlineData("runtime.image.registry=localhost:5000", "localhost:5000/wagi:0.1.0")]
    [InlineData("runtime.image.registry=,runtime.image.repository=here", "here:0.1.0")]
    [InlineData("runtime.image.tag=v9,runtime.image.digest=sha256:0123456789012345678901234567890123456789012345678901234567890123", "ghcr.io/wagi-dev/wagi@sha256:0123456789012345678901234567890123456789012345678901234567890123")]
    public async Task Image_IsWhatTheValuesSay(string values, string image)
    {
        var manifests = values.Length == 0 ? await WagiChart.ManifestsAsync() : await WagiChart.ManifestsAsync(values);

        Assert.Equal(image, (string?)Container(manifests.Get("Deployment", "wagi-runtime"))["image"]);
    }

    [Fact]
    public async Task BindleServer_IsHandedToTheRuntime_WhereThereIsOne()
    {
        var without = await WagiChart.ManifestsAsync();
        var with = await WagiChart.ManifestsAsync("runtime.bindleUrl=http://bindle.example.com/v1");

        Assert.DoesNotContain(
            Arguments(without.Get("Deployment", "wagi-runtime")), argument => argument!.StartsWith("--bindle-url", StringComparison.Ordinal));
        Assert.Contains("--bindle-url=http://bindle.example.com/v1", Arguments(with.Get("Deployment", "wagi-runtime")));
    }

    [Theory]
    [InlineData("wagi-runtime")]
    [InlineData("wagi-operator")]
    public async Task CertificateAuthorities_AreMountedAndNamed_WhereThereAreAny(string workload)
    {
        var without = (await WagiChart.ManifestsAsync()).Get("Deployment", workload);
        var with = (await WagiChart.ManifestsAsync("certificateAuthorities.configMap=company", "certificateAuthorities.key=bundle.pem")).Get("Deployment", workload);

        Assert.DoesNotContain(Arguments(without), argument => argument!.StartsWith("--ca-file", StringComparison.Ordinal));
        Assert.Contains("--ca-file=/etc/wagi/authorities/bundle.pem", Arguments(with));
        var mount = Container(with)["volumeMounts"]!.AsArray().Single(mount => (string?)mount!["mountPath"] == "/etc/wagi/authorities")!;
        var volume = with["spec"]!["template"]!["spec"]!["volumes"]!.AsArray().Single(volume => (string?)volume!["name"] == (string?)mount["name"])!;
        Assert.Equal("company", (string?)volume["configMap"]!["name"]);
    }

    [Theory]
    [InlineData("runtime", "wagi-runtime")]
    [InlineData("operator", "wagi-operator")]
    public async Task ExtraEnv_IsTheContainers(string part, string workload)
    {
        var manifests = await WagiChart.ManifestsAsync(
            $"{part}.extraEnv[0].name=OTEL_EXPORTER_OTLP_ENDPOINT", $"{part}.extraEnv[0].value=http://collector.observability:4317");

        Assert.Contains(
            Container(manifests.Get("Deployment", workload))["env"]!.AsArray(),
            variable => (string?)variable!["name"] == "OTEL_EXPORTER_OTLP_ENDPOINT" && (string?)variable["value"] == "http://collector.observability:4317");
    }

    [Fact]
    public async Task TrustedProxies_AreHandedToTheRuntime_WhereThereAreSome()
    {
        var without = await WagiChart.ManifestsAsync();
        var with = await WagiChart.ManifestsAsync(
            "runtime.trustedProxies[0]=10.0.0.0/8", "runtime.trustedProxies[1]=2001:db8::1", "runtime.proxyFields=forwarded");

        Assert.DoesNotContain(
            Arguments(without.Get("Deployment", "wagi-runtime")),
            argument => argument!.Contains("prox", StringComparison.Ordinal));
        Assert.Contains("--trusted-proxies=10.0.0.0/8,2001:db8::1", Arguments(with.Get("Deployment", "wagi-runtime")));
        Assert.Contains("--proxy-fields=forwarded", Arguments(with.Get("Deployment", "wagi-runtime")));
    }

    [Fact]
    public async Task Places_AreTheProgramsOwn_UnlessTheyAreGiven()
    {
        var without = await WagiChart.ManifestsAsync();
        var with = await WagiChart.ManifestsAsync("runtime.maxInstances=512", "runtime.maxModuleShare=50");

        Assert.DoesNotContain(
            Arguments(without.Get("Deployment", "wagi-runtime")),
            argument => argument!.StartsWith("--max-", StringComparison.Ordinal));
        Assert.Contains("--max-instances=512", Arguments(with.Get("Deployment", "wagi-runtime")));
        Assert.Contains("--max-module-share=50", Arguments(with.Get("Deployment", "wagi-runtime")));
    }

    [Fact]
    public async Task Instances_AreNewForEveryRequest_IfThatIsWanted()
    {
        var without = await WagiChart.ManifestsAsync();
        var with = await WagiChart.ManifestsAsync("runtime.newInstances=true");

        Assert.DoesNotContain("--new-instances", Arguments(without.Get("Deployment", "wagi-runtime")));
        Assert.Contains("--new-instances", Arguments(with.Get("Deployment", "wagi-runtime")));
    }

    [Fact]
    public async Task RuntimeAndOperator_AreReplacedWithoutAPodTooFew()
    {
        var manifests = await WagiChart.ManifestsAsync();

        Assert.All(manifests.Of("Deployment"), deployment =>
            Assert.Equal(0, (int?)deployment["spec"]!["strategy"]!["rollingUpdate"]!["maxUnavailable"]));
    }

    [Fact]
    public async Task GracePeriod_HasRoomForDrainingAndForRequestsInFlight()
    {
        var manifests = await WagiChart.ManifestsAsync("runtime.drainDelaySeconds=20", "runtime.shutdownTimeoutSeconds=100");

        var runtime = manifests.Get("Deployment", "wagi-runtime");
        Assert.Equal(130, (int?)runtime["spec"]!["template"]!["spec"]!["terminationGracePeriodSeconds"]);
        Assert.Contains("--drain-delay=20s", Arguments(runtime));
        Assert.Contains("--shutdown-timeout=100s", Arguments(runtime));
    }

    [Theory]
    [InlineData("1.20.0", 1)]
    [InlineData("1.36.0", 0)]
    public async Task DaemonSet_Surges_WhereTheServerCan(string version, int maxUnavailable)
    {
        var rendered = await WagiChart.RunAsync(
            "helm", "template", "wagi", WagiChart.Folder, "--kube-version", version, "--set", "runtime.kind=DaemonSet");

        var update = Manifests.Parse(rendered.EnsureSuccess().Stdout).Get("DaemonSet", "wagi-runtime")["spec"]!["updateStrategy"]!["rollingUpdate"]!;
        Assert.Equal(maxUnavailable, (int?)update["maxUnavailable"]);
        Assert.Equal(maxUnavailable == 0 ? 1 : null, (int?)update["maxSurge"]);
    }

    [Theory]
    [InlineData("1.20.0", false)]
    [InlineData("1.36.0", true)]
    public async Task Crd_HasCelRules_WhereTheServerKnowsThem(string version, bool hasRules)
    {
        var rendered = await WagiChart.RunAsync("helm", "template", "wagi", WagiChart.Folder, "--kube-version", version);

        Assert.Equal(hasRules, rendered.EnsureSuccess().Stdout.Contains("x-kubernetes-validations", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Crds_AreMarkedForHelm_UnlessTheyAreToGo()
    {
        Assert.All((await WagiChart.ManifestsAsync("crds.keep=false")).Of("CustomResourceDefinition"), crd => Assert.Null(crd["metadata"]!["annotations"]));

        var kept = (await WagiChart.ManifestsAsync()).Of("CustomResourceDefinition").ToList();
        Assert.Equal(2, kept.Count);
        Assert.All(kept, crd => Assert.Equal("keep", (string?)crd["metadata"]!["annotations"]!["helm.sh/resource-policy"]));
        Assert.Empty((await WagiChart.ManifestsAsync("crds.install=false")).Of("CustomResourceDefinition"));
    }

    [Fact]
    public async Task Autoscaler_DecidesOnTheReplicas_AndTheDeploymentDoesNot()
    {
        var manifests = await WagiChart.ManifestsAsync("runtime.autoscaling.enabled=true", "runtime.autoscaling.requestsRunning=20");

        Assert.Null(manifests.Get("Deployment", "wagi-runtime")["spec"]!["replicas"]);
        var metrics = manifests.Get("HorizontalPodAutoscaler", "wagi-runtime")["spec"]!["metrics"]!.AsArray();
        Assert.Equal(["Resource", "Pods"], metrics.Select(metric => (string?)metric!["type"]));
        Assert.Equal("wagi_requests_running", (string?)metrics[1]!["pods"]!["metric"]!["name"]);
    }

    [Fact]
    public async Task OperatorOfOneNamespace_HasNoRightsBeyondIt()
    {
        var manifests = await WagiChart.ManifestsAsync("operator.watchNamespace=shop", "rbac.aggregate=false");

        Assert.Empty(manifests.Of("ClusterRole"));
        Assert.Empty(manifests.Of("ClusterRoleBinding"));
        Assert.Equal(["shop", "wagi-system"], manifests.Of("Role").Select(role => (string?)role["metadata"]!["namespace"]).Order());
        Assert.Contains("--watch-namespace=shop", Arguments(manifests.Get("Deployment", "wagi-operator")));
    }

    [Fact]
    public async Task Release_HasAClass_WithTheRulesOfTheValues()
    {
        var manifests = await WagiChart.ManifestsAsync("class.spec.routes.mode=Prefix", "class.default=false", "class.spec.hosts={a.example.com}");

        Assert.Contains("--class-file=/etc/wagi-operator/class.yaml", Arguments(manifests.Get("Deployment", "wagi-operator")));
        var item = Manifests.Parse((string)manifests.Get("ConfigMap", "wagi-operator-class")["data"]!["class.yaml"]!).Get("WagiClass", "wagi");
        Assert.Equal("false", (string?)item["metadata"]!["annotations"]!["wagi.dev/is-default-class"]);
        Assert.Equal("wagi-system", (string?)item["spec"]!["runtimes"]!["namespace"]);
        Assert.Equal("Prefix", (string?)item["spec"]!["routes"]!["mode"]);
        Assert.Equal("a.example.com", (string?)item["spec"]!["hosts"]![0]);
    }

    [Fact]
    public async Task ReleaseWithoutClass_TellsTheOperatorNone()
    {
        var manifests = await WagiChart.ManifestsAsync("class.create=false");

        Assert.DoesNotContain(Arguments(manifests.Get("Deployment", "wagi-operator")), argument => argument!.StartsWith("--class", StringComparison.Ordinal));
        Assert.DoesNotContain(manifests.Of("ConfigMap"), item => item["metadata"]!["name"]!.GetValue<string>() == "wagi-operator-class");
    }

    [Fact]
    public async Task Roles_AreTheGeneratedOnes()
    {
        var manifests = await WagiChart.ManifestsAsync();
        var generated = Manifests.Parse(await File.ReadAllTextAsync(
            Path.Combine(TestCluster.Product.Checkout.Root, "config", "rbac", "role.yaml"), TestContext.Current.CancellationToken));

        AssertEqual(generated.Get("ClusterRole", "wagi-operator"), manifests.Get("ClusterRole", "wagi-system-wagi-operator"));
        AssertEqual(generated.Get("ClusterRole", "wagi-operator-classes"), manifests.Get("ClusterRole", "wagi-system-wagi-classes"));
        AssertEqual(generated.Of("Role").Single(), manifests.Get("Role", "wagi-operator"));

        static void AssertEqual(JsonObject expected, JsonObject actual) =>
            Assert.True(JsonNode.DeepEquals(expected["rules"], actual["rules"]), "run `make crds` and commit the result");
    }

    [Theory]
    [InlineData("ingress.enabled=true;ingress.hosts={shop.example.com};ingress.tls[0].secretName=shop", "https://shop.example.com")]
    [InlineData("httpRoute.enabled=true;httpRoute.hostnames={shop.example.com};httpRoute.parentRefs[0].name=public", "https://shop.example.com")]
    [InlineData("operator.baseUrl=https://here.example.com/wasm", "https://here.example.com/wasm")]
    [InlineData("runtime.service.port=8080", "http://wagi-runtime.wagi-system:8080")]
    public async Task UrlInTheStatus_IsWhereClientsReachTheRuntime(string values, string url)
    {
        var manifests = await WagiChart.ManifestsAsync(values.Split(';'));

        Assert.Contains($"--base-url={url}", Arguments(manifests.Get("Deployment", "wagi-operator")));
    }

    [Fact]
    public async Task Monitors_FindTheServicesWithMetrics_AndNoOther()
    {
        var manifests = await WagiChart.ManifestsAsync("metrics.serviceMonitor.enabled=true");

        Assert.Equal(2, manifests.Of("ServiceMonitor").Count());
        Assert.All(manifests.Of("ServiceMonitor"), monitor =>
        {
            var labels = monitor["spec"]!["selector"]!["matchLabels"]!.AsObject();
            var service = Assert.Single(manifests.Of("Service"), service =>
                labels.All(label => (string?)service["metadata"]!["labels"]![label.Key] == (string?)label.Value)
                && service["metadata"]!["labels"]!["wagi.dev/metrics"] is not null);
            Assert.Equal((string?)monitor["spec"]!["endpoints"]![0]!["port"], (string?)service["spec"]!["ports"]![0]!["name"]);
        });
    }

    [Fact]
    public async Task NetworkPolicies_LetOnlyThePodsOfThisReleaseAndPrometheusReachTheAdminPorts_RenderedNotEnforced()
    {
        var manifests = await WagiChart.ManifestsAsync();

        var runtime = manifests.Get("NetworkPolicy", "wagi-runtime")["spec"]!["ingress"]!.AsArray();
        Assert.Equal("http", (string?)runtime[0]!["ports"]![0]!["port"]);
        Assert.Null(runtime[0]!["from"]);
        Assert.Equal("admin", (string?)runtime[1]!["ports"]![0]!["port"]);
        Assert.Equal(
            ["operator", "runtime", "prometheus"],
            runtime[1]!["from"]!.AsArray().Select(peer => peer!["podSelector"]!["matchLabels"]!).Select(labels =>
                (string?)labels["app.kubernetes.io/component"] ?? (string?)labels["app.kubernetes.io/name"]));
        var health = Assert.Single(manifests.Get("NetworkPolicy", "wagi-operator")["spec"]!["ingress"]!.AsArray())!;
        Assert.Equal("health", (string?)health["ports"]![0]!["port"]);
        Assert.NotNull(Assert.Single(health["from"]!.AsArray())!["namespaceSelector"]);
    }

    private static JsonNode Container(JsonObject workload) => workload["spec"]!["template"]!["spec"]!["containers"]![0]!;

    private static IEnumerable<string?> Arguments(JsonObject workload) => Container(workload)["args"]!.AsArray().Select(argument => (string?)argument);
}
