using k8s.Models;
using Wagi.Kubernetes.Resources;
using Wagi.Operator.Classes;

namespace Wagi.Operator.Tests.Classes;

public sealed class ClassReaderTests
{
    [Fact]
    public void EmptySpec_BoundsNothing()
    {
        Assert.True(ClassReader.TryRead(Class(new WagiClassSpec()), "wagi-system", out var rules, out _));
        Assert.Null(rules.Hosts);
        Assert.Empty(rules.Signatures);
    }

    [Fact]
    public void Max_IsTheDefaultToo_UnlessThereIsOne()
    {
        var spec = new WagiClassSpec
        {
            Limits = new ClassModuleLimits
            {
                Timeout = new DurationBound { Max = "30s" },
                MemoryLimit = new SizeBound { Default = "64Mi", Max = "256Mi" },
                MaxConcurrency = new NumberBound { Default = 4 },
            },
        };

        Assert.True(ClassReader.TryRead(Class(spec), "wagi-system", out var rules, out _));

        Assert.Equal(new Bound<TimeSpan>(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(30)), rules.Timeout);
        Assert.Equal(new Bound<long>(64 << 20, 256 << 20), rules.MemoryLimit);
        Assert.Equal(new Bound<int>(4, null), rules.MaxConcurrency);
    }

    public static TheoryData<string, WagiClassSpec> Bad => new()
    {
        { "spec.routes.mode: 'prefix' is neither Open nor Prefix", new() { Routes = new() { Mode = "prefix" } } },
        { "spec.hosts[0]: host '{namespace}_x.example.com' is not a DNS name", new() { Hosts = ["{namespace}_x.example.com"] } },
        { "spec.hosts[1]: is empty", new() { Hosts = ["a.example", null] } },
        { "spec.allowedHosts[0]: 'api.example.com' is not SCHEME://HOST[:PORT]", new() { AllowedHosts = ["api.example.com"] } },
        { "spec.registries[0]: 'https://ghcr.io' is not HOST[:PORT][/PATH]", new() { Registries = ["https://ghcr.io"] } },
        { "spec.bindleServers[0]: 'bindle' is not a URL", new() { BindleServers = ["bindle"] } },
        { "spec.limits.timeout.max: ", new() { Limits = new() { Timeout = new() { Max = "fast" } } } },
        { "spec.limits.timeout.default: is more than max", new() { Limits = new() { Timeout = new() { Default = "2s", Max = "1s" } } } },
        { "spec.limits.rateLimit.max: '10/d' is not a number of requests", new() { Limits = new() { RateLimit = new() { Max = "10/d" } } } },
        { "spec.limits.rateLimit.default: is more than max", new() { Limits = new() { RateLimit = new() { Default = "2/s", Max = "119/m" } } } },
        { "spec.limits.memoryLimit.max: '1k' is not between 64Ki and 4Gi", new() { Limits = new() { MemoryLimit = new() { Max = "1k" } } } },
        { "spec.budget.bytes: ", new() { Budget = new() { Bytes = "many" } } },
        { "spec.namespaces.matchExpressions[0]: needs a key", new() { Namespaces = new() { MatchExpressions = [null] } } },
        { "spec.namespaces.matchExpressions[0]: needs values", new() { Namespaces = new() { MatchExpressions = [new() { Key = "a", Operator = "In" }] } } },
        { "spec.signatures[0]: needs registries and keys", new() { Signatures = [null] } },
        { "spec.signatures[0].keys[0]: give exactly one of pem and secretKeyRef", new() { Signatures = [new() { Registries = ["*"], Keys = [new()] }] } },
        { "spec.signatures[0].keys[0].pem: this is not base64", new() { Signatures = [new() { Registries = ["*"], Keys = [new() { Pem = "key" }] }] } },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public void RuleThatCannotBeRead_LeavesNoRules(string problem, WagiClassSpec spec)
    {
        Assert.False(ClassReader.TryRead(Class(spec), "wagi-system", out var rules, out var problems));

        Assert.Null(rules);
        Assert.StartsWith(problem, Assert.Single(problems), StringComparison.Ordinal);
    }

    private static WagiClass Class(WagiClassSpec spec) => new() { Metadata = new V1ObjectMeta { Name = "shared" }, Spec = spec };
}
