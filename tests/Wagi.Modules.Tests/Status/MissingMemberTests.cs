using System.Text;
using Wagi.Modules.Secrets;
using Wagi.Modules.Status;

namespace Wagi.Modules.Tests.Status;

/// <summary>Documents of another version lack members; reading them must not leave a trap behind.</summary>
public sealed class MissingMemberTests
{
    [Fact]
    public void ModuleStatus_WithoutOptionalMembers_ReadsAsEmpty()
    {
        const string json = """
            {"version":"0.0.1","ready":true,"configuration":{"path":"m","digest":null,"readAt":"2026-01-01T00:00:00Z","problems":[]},
             "modules":[{"id":"a/b","state":"Ready","reason":"Ready","since":"2026-01-01T00:00:00Z","route":"/","module":"m.wasm"}]}
            """;

        var module = Assert.Single(RuntimeStatus.FromJson(Encoding.UTF8.GetBytes(json)).Modules);

        Assert.Empty(module.Hosts);
        Assert.Empty(module.Routes);
        Assert.Equal("", module.Message);
    }

    [Fact]
    public void ModuleSecrets_WithoutOptionalMembers_ReadAsEmpty()
    {
        var secrets = ModuleSecrets.FromJson("""{"version":"1"}"""u8);

        Assert.Empty(secrets.Environment);
        Assert.Empty(secrets.DockerConfigs);
        Assert.Contains("\"dockerConfigs\":[]", Encoding.UTF8.GetString(secrets.ToJson()), StringComparison.Ordinal);
    }
}
