using System.Runtime.CompilerServices;
using Wagi.Operator.Tests.Cluster;
using Wagi.TestCluster;
using Wagi.TestCluster.Kubernetes;
using Wagi.TestCluster.Registry;

[assembly: AssemblyFixture(typeof(ClusterFixture))]

namespace Wagi.Operator.Tests.Cluster;

/// <summary>One real API server with the CRD and one real registry for all tests; every test has namespaces and repositories of its own.</summary>
public sealed class ClusterFixture : IAsyncLifetime
{
    private readonly Lazy<Task<ControlPlane>> _controlPlane = new(StartAsync);
    private readonly Lazy<Task<CrdServer>> _crdServer = new(StartCrdServerAsync);
    private readonly Lazy<Task<RegistryServer>> _registry = new(() => RegistryServer.StartAsync());

    /// <summary>Where WagiModules of the namespace <c>default</c> are.</summary>
    public const string WagiModulesPath = "/apis/wagi.dev/v1alpha1/namespaces/default/wagimodules";

    /// <summary>Where WagiClasses are.</summary>
    public const string WagiClassesPath = "/apis/wagi.dev/v1alpha1/wagiclasses";

    /// <summary>The folder of the CRDs.</summary>
    public static string Crds { get; } = Path.Combine(RepositoryRoot(), "crds");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>The API server; the test is skipped where there is none.</summary>
    public async Task<ControlPlane> ControlPlaneAsync()
    {
        Assert.SkipWhen(TestTools.WhyMissing(ControlPlane.Programs) is not null, TestTools.WhyMissing(ControlPlane.Programs) ?? "");
        return await _controlPlane.Value;
    }

    /// <summary>A current server for the CRD alone; the test is skipped where there is none.</summary>
    public async Task<CrdServer> CrdServerAsync()
    {
        Assert.SkipWhen(TestTools.WhyMissing(CrdServer.Programs) is not null, TestTools.WhyMissing(CrdServer.Programs) ?? "");
        return await _crdServer.Value;
    }

    /// <summary>The registry; the test is skipped where there is none.</summary>
    public async Task<RegistryServer> RegistryAsync()
    {
        SkipWithoutRegistry();
        return await _registry.Value;
    }

    /// <summary>Skips the test where no registry can be started.</summary>
    public static void SkipWithoutRegistry() =>
        Assert.SkipWhen(TestTools.WhyMissing(RegistryServer.Program) is not null, TestTools.WhyMissing(RegistryServer.Program) ?? "");

    public async ValueTask DisposeAsync()
    {
        if (_controlPlane.IsValueCreated)
        {
            await (await _controlPlane.Value).DisposeAsync();
        }

        if (_crdServer.IsValueCreated)
        {
            await (await _crdServer.Value).DisposeAsync();
        }

        if (_registry.IsValueCreated)
        {
            await (await _registry.Value).DisposeAsync();
        }
    }

    private static async Task<ControlPlane> StartAsync()
    {
        var controlPlane = await ControlPlane.StartAsync();
        await controlPlane.ApplyCrdsAsync(Crds);
        return controlPlane;
    }

    private static async Task<CrdServer> StartCrdServerAsync()
    {
        var server = await CrdServer.StartAsync();
        await server.CreateCrdAsync(await File.ReadAllTextAsync(Path.Combine(Crds, "wagi.dev_wagimodules.yaml")), WagiModulesPath);
        await server.CreateCrdAsync(await File.ReadAllTextAsync(Path.Combine(Crds, "wagi.dev_wagiclasses.yaml")), WagiClassesPath);
        return server;
    }

    private static string RepositoryRoot([CallerFilePath] string file = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", ".."));
}
