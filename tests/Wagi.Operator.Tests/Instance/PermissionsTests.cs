using Wagi.Kubernetes.ApiServer;
using Wagi.Operator.LeaderElection;
using Wagi.Operator.Rbac;
using Wagi.Operator.Tests.Cluster;
using Wagi.TestCluster;
using Wagi.TestCluster.Kubernetes;

namespace Wagi.Operator.Tests.Instance;

public sealed class PermissionsTests
{
    private const string Digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    [Fact]
    public async Task OperatorWithExactlyTheGeneratedRules_DoesAllItsWork()
    {
        // It watches every namespace, those of other tests included: so it has a cluster of its own.
        Assert.SkipWhen(TestTools.WhyMissing(ControlPlane.Programs) is not null, TestTools.WhyMissing(ControlPlane.Programs) ?? "");
        await using var controlPlane = await ControlPlane.StartAsync(TestContext.Current.CancellationToken);
        await controlPlane.ApplyCrdsAsync(ClusterFixture.Crds);
        var user = $"operator-{Guid.NewGuid():N}"[..16];
        await using var test = await TestOperator.CreateAsync(
            controlPlane,
            options => options with
            {
                WatchNamespace = null,
                Class = "shared",
                ClassManifest = TestClasses.Manifest("shared", options.Namespace, "{}", isDefault: true),
                LeaderElection = new LeaderElectionOptions { Lease = new ObjectKey(options.Namespace, "wagi-operator"), Identity = "a" },
            },
            await controlPlane.CreateUserKubeconfigAsync(user));
        await test.ApplyAsync(RbacGenerator.Text().Replace("kind: Role\nmetadata:\n", $"kind: Role\nmetadata:\n  namespace: {test.System}\n", StringComparison.Ordinal));
        await test.ApplyAsync(Bindings(test.System, user));
        await test.ApplyAsync($$"""
            { apiVersion: v1, kind: Pod, metadata: { name: runtime, namespace: "{{test.System}}",
              labels: { app.kubernetes.io/name: wagi-operator, app.kubernetes.io/component: runtime } },
              spec: { containers: [{ name: wagi, image: wagi }] } }
            """);
        await test.SetPodStatusAsync("runtime", """{ "phase": "Running", "podIP": "127.0.0.1" }""");
        await test.ApplyAsync($$"""{ apiVersion: v1, kind: Secret, metadata: { name: api, namespace: "{{test.Tenant}}" }, stringData: { token: secret } }""");
        await test.StartAgainAsync();

        await test.ApplyModuleAsync("hello", $$"""
            { route: "/{{test.Tenant}}", module: "127.0.0.1:5000/samples/hello@{{Digest}}",
              env: [{ name: TOKEN, valueFrom: { secretKeyRef: { name: api, key: token } } }] }
            """);

        await test.ConditionBecomesAsync("hello", "Programmed", "True/");
        Assert.NotEmpty(await test.SecretAsync() ?? []);
        await test.ClassConditionBecomesAsync("shared", "True/Accepted");
        await Eventually.Becomes(token => test.ListAsync(ApiResource.Events, token), events => events.Count > 0);
        await Eventually.Becomes(
            token => test.FindAsync(ApiResource.Pods, new ObjectKey(test.System, "runtime"), token),
            pod => ((string?)pod!["metadata"]!["annotations"]?["wagi.dev/modules-digest"] ?? "").StartsWith("sha256:", StringComparison.Ordinal));
        await test.StopAsync();
        var lease = await test.FindAsync(ApiResource.Leases, new ObjectKey(test.System, "wagi-operator"));
        Assert.Equal("", (string?)lease!["spec"]!["holderIdentity"] ?? "");
    }

    [Fact]
    public void GeneratedFile_IsCurrent() =>
        Assert.Equal(RbacGenerator.Text(), File.ReadAllText(Path.Combine(ClusterFixture.Crds, "..", "config", "rbac", RbacGenerator.FileName)));

    private static string Bindings(string system, string user) => $$"""
        { apiVersion: v1, kind: List, items: [
          { apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: { name: "{{system}}" },
            roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: wagi-operator },
            subjects: [{ apiGroup: rbac.authorization.k8s.io, kind: User, name: "{{user}}" }] },
          { apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: { name: "{{system}}-classes" },
            roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: wagi-operator-classes },
            subjects: [{ apiGroup: rbac.authorization.k8s.io, kind: User, name: "{{user}}" }] },
          { apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: { name: wagi-operator, namespace: "{{system}}" },
            roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: wagi-operator },
            subjects: [{ apiGroup: rbac.authorization.k8s.io, kind: User, name: "{{user}}" }] } ] }
        """;
}
