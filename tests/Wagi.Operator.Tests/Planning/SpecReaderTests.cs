using Wagi.Kubernetes.Resources;
using Wagi.Modules.Configuration;
using Wagi.Operator.Planning;
using Wagi.Operator.Rendering;
using Wagi.Operator.Tests.Resources;

namespace Wagi.Operator.Tests.Planning;

public sealed class SpecReaderTests
{
    [Theory]
    [MemberData(nameof(BadSpecs.All), MemberType = typeof(BadSpecs))]
    public void BadSpec_IsRefused_AndTheMessageNamesTheField(BadSpec bad)
    {
        var file = ManifestReader.Read(bad.Manifest, "bad.yaml", DateTime.UnixEpoch);
        Assert.Empty(file.Problems);

        Assert.False(SpecReader.TryRead(Assert.Single(file.Modules).Module, out _, out var problems));

        Assert.StartsWith(bad.Field, Assert.Single(problems), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(GoodSpecs.All), MemberType = typeof(GoodSpecs))]
    public void GoodSpec_IsTaken(string spec)
    {
        var module = Assert.Single(ManifestReader.Read(GoodSpecs.Manifest(spec), "good.yaml", DateTime.UnixEpoch).Modules).Module;

        Assert.True(SpecReader.TryRead(module, out _, out var problems), string.Join('\n', problems ?? []));
    }

    [Theory]
    [InlineData("timeout: 1s", Preinitialization.None)]
    [InlineData("preinitialize: null", Preinitialization.None)]
    [InlineData("preinitialize: false", Preinitialization.None)]
    [InlineData("preinitialize: true", Preinitialization.Deterministic)]
    [InlineData("preinitialize: with-random", Preinitialization.WithRandom)]
    public void Preinitialize_IsABooleanOrAWord(string spec, Preinitialization expected)
    {
        var module = Assert.Single(ManifestReader.Read(GoodSpecs.Manifest(spec), "good.yaml", DateTime.UnixEpoch).Modules).Module;

        Assert.True(SpecReader.TryRead(module, out var read, out _));
        Assert.Equal(expected, read.Draft.Preinitialization);
    }

    [Fact]
    public void EverythingWrong_IsToldAtOnce()
    {
        var module = Scenario.Module("bad", new WagiModuleSpec { Route = "a", Module = "/a", Timeout = "x", MaxConcurrency = 0 });

        Assert.False(SpecReader.TryRead(module, out _, out var problems));

        Assert.Equal(["spec.route", "spec.module", "spec.timeout", "spec.maxConcurrency"], problems.Select(problem => problem.Split(':')[0]));
    }

    [Theory]
    [InlineData("64Ki")]
    [InlineData("4Gi")]
    [InlineData("65536")]
    [InlineData("64M")]
    public void MemoryLimit_WithinBounds_IsAccepted(string limit) => AssertAccepted(new WagiModuleSpec { Route = "/", Module = "a", MemoryLimit = limit });

    [Theory]
    [InlineData("1ms")]
    [InlineData("24h")]
    [InlineData("1.5s")]
    [InlineData("1m30s")]
    public void Timeout_WithinBounds_IsAccepted(string timeout) => AssertAccepted(new WagiModuleSpec { Route = "/", Module = "a", Timeout = timeout });

    [Theory]
    [InlineData("oci://ghcr.io/example/hello:v1")]
    [InlineData("oci:ghcr.io/example/hello:v1")]
    [InlineData("localhost:5000/hello")]
    [InlineData("[::1]:5000/hello:v1")]
    [InlineData("bindle:example.com/hello/1.0.0")]
    public void Module_InEveryForm_IsAccepted(string module) => AssertAccepted(new WagiModuleSpec { Route = "/", Module = module });

    [Fact]
    public void NullItems_AreMissingValues()
    {
        var module = Scenario.Module("bad", new WagiModuleSpec
        {
            Route = "/",
            Module = "a",
            Hosts = [null!],
            Env = [null!],
            ImagePullSecrets = [null!],
            AllowedHosts = [null!],
        });

        Assert.False(SpecReader.TryRead(module, out _, out var problems));
        Assert.Equal(5, problems.Count);
    }

    private static void AssertAccepted(WagiModuleSpec spec)
    {
        Assert.True(SpecReader.TryRead(Scenario.Module("good", spec), out _, out var problems), problems is null ? "" : string.Join("; ", problems));
    }
}
