using Wagi.Kubernetes.ApiServer;
using Wagi.TestCluster;

namespace Wagi.Kubernetes.Tests.ApiServer;

public sealed class KubeconfigTests : IDisposable
{
    private readonly TempDirectory _directory = new("kubeconfig");

    [Fact]
    public void File_GivesServerAndNamespace_OfTheCurrentContext()
    {
        var file = _directory.Write("config", Config("one", "https://one.example.com:6443"));

        var configuration = Kubeconfig.Load(file, null);

        Assert.Equal("https://one.example.com:6443", configuration.Host.TrimEnd('/'));
        Assert.Equal("namespace-of-one", configuration.Namespace);
    }

    [Fact]
    public void SeveralFiles_AreMerged_TheFirstWins()
    {
        var first = _directory.Write("first", Config("one", "https://one.example.com:6443"));
        var second = _directory.Write("second", Config("two", "https://two.example.com:6443"));

        Assert.Equal("namespace-of-one", Kubeconfig.LoadFiles([first, second], null).Namespace);
        var configuration = Kubeconfig.LoadFiles([first, second], "two");
        Assert.Equal("namespace-of-two", configuration.Namespace);
        Assert.Equal("https://two.example.com:6443", configuration.Host.TrimEnd('/'));
    }

    [Fact]
    public void UnknownContext_IsRefused_WithThoseThatThereAre()
    {
        var file = _directory.Write("config", Config("one", "https://one.example.com:6443"));
        var error = Assert.Throws<KubeconfigException>(() => Kubeconfig.Load(file, "three"));
        Assert.Equal($"kubeconfig {file} has no context 'three'; it has: one", error.Message);
    }

    [Theory]
    [InlineData("{ not yaml")]
    [InlineData("apiVersion: v1\nkind: Config\n")]
    [InlineData("\n")]
    [InlineData("garbage")]
    [InlineData("[]")]
    public void UnusableFile_IsNamed(string content)
    {
        var file = _directory.Write("config", content);
        Assert.Contains(file, Assert.Throws<KubeconfigException>(() => Kubeconfig.Load(file, null)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MissingFile_IsNamed()
    {
        var file = _directory.PathOf("nothing");
        Assert.Contains(file, Assert.Throws<KubeconfigException>(() => Kubeconfig.Load(file, null)).Message, StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();

    private static string Config(string name, string server) => $$"""
        apiVersion: v1
        kind: Config
        current-context: {{name}}
        contexts: [{ name: {{name}}, context: { cluster: {{name}}, user: {{name}}, namespace: namespace-of-{{name}} } }]
        clusters: [{ name: {{name}}, cluster: { server: "{{server}}" } }]
        users: [{ name: {{name}}, user: { token: t } }]
        """;
}
