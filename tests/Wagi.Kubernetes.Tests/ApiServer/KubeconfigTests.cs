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
    [InlineData("clusters: nope\n", ":1:1 cannot be used: this is not what a kubeconfig has here")]
    [InlineData("kind: Config\ncontexts:\n- name: a\n  context: [x]\n", ":4:12 cannot be used: this is not what a kubeconfig has here")]
    [InlineData("a: b: c\n", ":1:5 cannot be used: While scanning a plain scalar value, found invalid mapping")]
    [InlineData("garbage", " cannot be used: this is not what a kubeconfig has here")]
    [InlineData("kind: Config\n", " has no contexts: nothing in it says which cluster is meant")]
    [InlineData("current-context: a\ncontexts: [{name: a, context: {cluster: c, user: u}}]\n", " has no cluster 'c', which its context 'a' names")]
    [InlineData(
        "current-context: a\nclusters: [{name: c, cluster: {server: 'https://x'}}]\ncontexts: [{name: a, context: {cluster: c, user: u}}]\n",
        " has no user 'u', which its context 'a' names")]
    public void WhatIsWrong_IsSaid_WithoutTypesOfALibrary(string text, string expected)
    {
        var file = _directory.Write("config", text);
        Assert.Equal($"kubeconfig {file}{expected}", Assert.Throws<KubeconfigException>(() => Kubeconfig.Load(file, null)).Message);
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
