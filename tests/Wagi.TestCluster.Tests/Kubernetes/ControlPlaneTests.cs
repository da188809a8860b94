using System.Text.Json.Nodes;
using Wagi.TestCluster.Kubernetes;
using Wagi.TestCluster.Processes;

namespace Wagi.TestCluster.Tests.Kubernetes;

public sealed class ControlPlaneTests
{
    private const string Crd =
        """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: { name: widgets.test.wagi.dev }
        spec:
          group: test.wagi.dev
          scope: Namespaced
          names: { kind: Widget, plural: widgets, singular: widget }
          versions:
          - name: v1
            served: true
            storage: true
            subresources: { status: {} }
            schema:
              openAPIV3Schema:
                type: object
                properties:
                  spec:
                    type: object
                    required: [size]
                    properties: { size: { type: integer, minimum: 1 } }
                    x-kubernetes-validations:
                    - rule: self.size != 13
                      message: thirteen is unlucky
                  status:
                    type: object
                    x-kubernetes-preserve-unknown-fields: true
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ControlPlane_StoresCustomResources_AndValidatesThem()
    {
        await using var cluster = await StartAsync();
        await ApplyCrdAsync(cluster);

        await cluster.ApplyAsync(Widget("one", 7), Cancel);

        Assert.Equal("7", (await cluster.KubectlAsync("get", "widget", "one", "-o", "jsonpath={.spec.size}")).EnsureSuccess().Stdout);
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => cluster.ApplyAsync(Widget("none", 0), Cancel));
        Assert.Contains("greater than or equal to 1", refused.Message, StringComparison.Ordinal);
        if (cluster.SupportsCel)
        {
            var unlucky = await Assert.ThrowsAsync<InvalidOperationException>(() => cluster.ApplyAsync(Widget("unlucky", 13), Cancel));
            Assert.Contains("thirteen is unlucky", unlucky.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task ControlPlane_KnowsItsVersion()
    {
        await using var cluster = await StartAsync();

        var answer = JsonNode.Parse((await cluster.KubectlAsync("get", "--raw", "/version")).EnsureSuccess().Stdout)!;

        Assert.True(cluster.ServerVersion >= new Version(1, 20), $"{cluster.ServerVersion}");
        Assert.StartsWith($"v{cluster.ServerVersion}", (string?)answer["gitVersion"], StringComparison.Ordinal);
        Assert.Equal(cluster.ServerVersion >= new Version(1, 25), cluster.SupportsCel);
    }

    [Fact]
    public async Task TwoControlPlanes_StartedAtOnce_AreSeparate()
    {
        var both = await Task.WhenAll(StartAsync(), StartAsync());
        await using var first = both[0];
        await using var second = both[1];

        (await first.KubectlAsync("create", "namespace", "only-in-first")).EnsureSuccess();

        Assert.Equal(0, (await first.KubectlAsync("get", "namespace", "only-in-first")).ExitCode);
        Assert.Contains("NotFound", (await second.KubectlAsync("get", "namespace", "only-in-first")).Stderr, StringComparison.Ordinal);
    }

    [Fact]
    public async Task User_MayDoWhatRbacGrants_AndNothingElse()
    {
        await using var cluster = await StartAsync();
        (await cluster.KubectlAsync("create", "role", "reader", "--verb=list", "--resource=configmaps")).EnsureSuccess();
        (await cluster.KubectlAsync("create", "rolebinding", "readers", "--role=reader", "--group=readers")).EnsureSuccess();
        var reader = await cluster.CreateUserKubeconfigAsync("alice", "readers");
        var nobody = await cluster.CreateUserKubeconfigAsync("bob");

        await Eventually.Becomes(_ => AsAsync(reader, "get", "configmaps"), result => result.ExitCode == 0, cancellationToken: Cancel);

        var written = await AsAsync(reader, "create", "configmap", "mine");
        Assert.Contains("\"alice\" cannot create", written.Stderr, StringComparison.Ordinal);
        var read = await AsAsync(nobody, "get", "configmaps");
        Assert.Contains("\"bob\" cannot list", read.Stderr, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pod_CanBeCreated_WithoutAKubelet()
    {
        await using var cluster = await StartAsync();

        await cluster.ApplyAsync(
            """
            apiVersion: v1
            kind: Pod
            metadata: { name: runtime }
            spec: { containers: [{ name: wagi, image: wagi }] }
            """,
            Cancel);

        Assert.Equal("pod/runtime\n", (await cluster.KubectlAsync("get", "pods", "-o", "name")).Stdout);
    }

    [Fact]
    public async Task StoppedApiServer_ComesBackOnItsPort_WithItsObjects()
    {
        await using var cluster = await StartAsync();
        (await cluster.KubectlAsync("create", "namespace", "kept")).EnsureSuccess();

        await cluster.StopApiServerAsync();
        Assert.NotEqual(0, (await cluster.KubectlAsync("get", "namespace", "kept")).ExitCode);
        await cluster.RestartApiServerAsync(Cancel);

        Assert.Equal("namespace/kept\n", (await cluster.KubectlAsync("get", "namespace", "kept", "-o", "name")).EnsureSuccess().Stdout);
    }

    private static Task<CommandResult> AsAsync(string kubeconfig, params string[] args) =>
        Command.RunAsync("kubectl", ["--kubeconfig", kubeconfig, .. args], cancellationToken: Cancel);

    private static async Task ApplyCrdAsync(ControlPlane cluster)
    {
        using var directory = new TempDirectory("crd");
        await cluster.ApplyCrdsAsync(directory.Write("widgets.yaml", Crd), Cancel);
    }

    private static string Widget(string name, int size) =>
        $$"""
        apiVersion: test.wagi.dev/v1
        kind: Widget
        metadata: { name: {{name}} }
        spec: { size: {{size}} }
        """;

    private static Task<ControlPlane> StartAsync()
    {
        if (TestTools.WhyMissing(ControlPlane.Programs) is { } reason) Assert.Skip(reason);
        return ControlPlane.StartAsync(Cancel);
    }
}
