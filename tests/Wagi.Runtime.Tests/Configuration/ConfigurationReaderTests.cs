using Microsoft.Extensions.Logging.Abstractions;
using Wagi.Modules.Secrets;
using Wagi.Runtime.Configuration;
using Wagi.TestCluster;
using Wagi.TestCluster.Kubernetes;

namespace Wagi.Runtime.Tests.Configuration;

public sealed class ConfigurationReaderTests : IDisposable
{
    private readonly TempDirectory _temporary = new("configuration");

    private ConfigurationReader Reader() => new(
        ModulesOrigin.OfConfiguration(_temporary.PathOf("modules.toml")), _temporary.PathOf("secrets"), TimeProvider.System, NullLogger<ConfigurationReader>.Instance);

    private void Configure(string secretsVersion) => _temporary.Write(
        "modules.toml",
        $"[[module]]\nid = \"ns/a.b\"\nroute = \"/a\"\nmodule = \"a.wasm\"\nsecrets_version = \"{secretsVersion}\"\n");

    private void Mount(string version) => new ConfigMapVolume(_temporary.PathOf("secrets")).Project(new Dictionary<string, byte[]>
    {
        [ModuleSecrets.KeyFor("ns/a.b")] = new ModuleSecrets { Version = version }.ToJson(),
    });

    [Fact]
    public void Secrets_AreUsed_OnlyInTheVersionThatTheEntryAsksFor()
    {
        Configure("2");
        Mount("1");
        var desired = Reader().Read();
        Assert.Null(desired.SecretsFor(desired.File.Entries[0]));

        Mount("2");
        desired = Reader().Read();
        Assert.NotNull(desired.SecretsFor(desired.File.Entries[0]));
    }

    [Fact]
    public void MissingFile_IsAProblem_ThatKeepsWhatIsLoaded()
    {
        var desired = Reader().Read();
        Assert.Null(desired.Digest);
        Assert.True(desired.File.IsDamaged);
        Assert.Contains("cannot be read", desired.File.Problems[0].ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void DamagedSecrets_AreAsIfTheyWereNotThere()
    {
        Configure("1");
        Directory.CreateDirectory(_temporary.PathOf("secrets"));
        File.WriteAllText(Path.Combine(_temporary.PathOf("secrets"), ModuleSecrets.KeyFor("ns/a.b")), "{");
        var desired = Reader().Read();
        Assert.Null(desired.SecretsFor(desired.File.Entries[0]));
    }

    [Fact]
    public void Stamp_Changes_WhenAKubeletSwapsTheFolder()
    {
        var volume = new ConfigMapVolume(_temporary.PathOf("volume"));
        volume.Project(new Dictionary<string, byte[]> { ["modules.toml"] = "# 1"u8.ToArray() });
        var before = FileStamp.Of(volume.PathOf("modules.toml"));
        Assert.Equal(before, FileStamp.Of(volume.PathOf("modules.toml")));
        volume.Project(new Dictionary<string, byte[]> { ["modules.toml"] = "# 2"u8.ToArray() });
        Assert.NotEqual(before, FileStamp.Of(volume.PathOf("modules.toml")));
    }

    public void Dispose() => _temporary.Dispose();
}
