using Wagi.TestCluster;
using Wagi.TestCluster.Registry;

namespace Wagi.Oci.Tests.Registries;

/// <summary>One real registry without authentication for all tests of a class; they keep apart by repository.</summary>
public sealed class AnonymousRegistry : IAsyncLifetime
{
    private RegistryServer? _server;

    /// <summary>The registry; skips the test on a machine without the program.</summary>
    public RegistryServer Server
    {
        get
        {
            Assert.SkipWhen(_server is null, TestTools.WhyMissing(RegistryServer.Program) ?? "");
            return _server!;
        }
    }

    public async ValueTask InitializeAsync()
    {
        if (TestTools.WhyMissing(RegistryServer.Program) is null) _server = await RegistryServer.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
    }
}
