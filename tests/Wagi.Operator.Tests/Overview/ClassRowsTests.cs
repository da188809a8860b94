using k8s.Models;
using Wagi.Kubernetes.Resources;
using Wagi.Operator.Classes;
using Wagi.Operator.Overview;
using Wagi.Operator.Tests.Planning;

namespace Wagi.Operator.Tests.Overview;

public sealed class ClassRowsTests
{
    private static readonly TenantNamespace[] Namespaces = [Labeled("blog", "red"), Labeled("shop", "blue"), Labeled("ops", "blue")];

    private static TenantNamespace Labeled(string name, string team) =>
        new() { Metadata = new NamespaceMetadata { Name = name, Labels = new() { ["team"] = team } } };

    private static WagiClass Class(string name, WagiClassSpec? spec = null) => new() { Metadata = new V1ObjectMeta { Name = name }, Spec = spec ?? new() };

    private static Dictionary<string, int> Modules(params (string Name, int Count)[] counts) => counts.ToDictionary(count => count.Name, count => count.Count);

    [Fact]
    public void OwnClass_ComesFirst_ThenTheOthers_AlsoThoseThatAreNotThere()
    {
        var rows = ClassRows.Of([Class("alpha"), Class("own")], "own", Modules(("own", 3), ("lost", 1), ("", 2)), null, null);

        Assert.Equal(["own", "", "alpha", "lost"], rows.Select(row => row.Name));
        Assert.Equal([true, false, false, false], rows.Select(row => row.IsOwn));
        Assert.Equal([true, false, true, false], rows.Select(row => row.Exists));
        Assert.Equal([3, 2, 0, 1], rows.Select(row => row.Modules));
    }

    [Fact]
    public void Rules_AreThoseThatBound_InWords()
    {
        var spec = new WagiClassSpec
        {
            Routes = new ClassRoutes { Mode = ClassRoutes.Prefix },
            AllowedHosts = [],
            Registries = ["ghcr.io/example", "registry.example"],
            Limits = new ClassModuleLimits
            {
                Timeout = new DurationBound { Default = "5s", Max = "10s" },
                MaxConcurrency = new NumberBound { Max = 8 },
                RateLimit = new RateBound { Max = "500/s" },
            },
            PassAuthorization = false,
            Signatures = [new ClassSignature { Registries = ["*"], Keys = [new ClassKey { Pem = "PEM" }, new ClassKey { Pem = "PEM" }] }],
            Budget = new ClassBudget { Modules = 2, Bytes = "1Ki" },
        };

        var row = Assert.Single(ClassRows.Of([Class("own", spec)], "own", Modules(), null, null));

        Assert.Equal(
            [
                "routes: /NAMESPACE and below, or the namespace's own prefix", "outbound origins: none", "registries: ghcr.io/example, registry.example",
                "timeout: 5s unless the module says otherwise, at most 10s", "requests at a time: at most 8", "rate limit: at most 500/s", "credentials of clients: for no module",
                "signature: by one of 2 keys, for *",
            ],
            row.Rules.Select(rule => $"{rule.Name}: {rule.Value}"));
        Assert.Equal((2, 1024), (row.MaxModules, row.MaxBytes));
    }

    [Fact]
    public void Namespaces_AreThoseThatTheClassSelects()
    {
        var blue = Class("own", new WagiClassSpec { Namespaces = new LabelSelector { MatchLabels = new Dictionary<string, string?> { ["team"] = "blue" } } });

        var rows = ClassRows.Of([blue, Class("all")], "own", Modules(), Namespaces, null);

        Assert.Equal(["ops", "shop"], rows[0].Namespaces!.Value);
        Assert.Equal(["blog", "ops", "shop"], rows[1].Namespaces!.Value);
        Assert.Null(Assert.Single(ClassRows.Of([blue], "own", Modules(), null, null)).Namespaces);
    }

    [Fact]
    public void Use_IsWhatThePlanSays_TheMostFirst()
    {
        const string Pinned = "registry.example/hello@" + Scenario.Digest1;
        var plan = new Scenario().With("a", "/a", Pinned, ns: "small").With("b", "/b", Pinned, ns: "large").With("c", "/c", Pinned, ns: "large").Plan();

        var use = ClassRows.Of([], null, Modules(), null, plan)[0].Use!.Value;

        Assert.Equal([("large", 2), ("small", 1)], use.Select(row => (row.Namespace, row.Modules)));
        Assert.Equal(plan.Toml.Length, plan.Toml.IndexOf("[[module]]", StringComparison.Ordinal) + use.Sum(row => row.Bytes) - 1);
    }
}
