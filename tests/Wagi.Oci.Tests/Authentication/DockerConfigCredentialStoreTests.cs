using System.Text;
using Wagi.Oci.Authentication;
using Wagi.Oci.Errors;
using Wagi.TestCluster;

namespace Wagi.Oci.Tests.Authentication;

public sealed class DockerConfigCredentialStoreTests
{
    [Theory]
    // Hosts.
    [InlineData("ghcr.io", "ghcr.io", "a/b", true)]
    [InlineData("ghcr.io", "quay.io", "a/b", false)]
    [InlineData("GHCR.IO", "ghcr.io", "a/b", true)]
    [InlineData("https://ghcr.io", "ghcr.io", "a/b", true)]
    [InlineData("https://ghcr.io/", "ghcr.io", "a/b", true)]
    [InlineData("https://ghcr.io/v2/", "ghcr.io", "a/b", true)]
    [InlineData("http://127.0.0.1:5000", "127.0.0.1:5000", "a/b", true)]
    // Ports belong to the name.
    [InlineData("registry.example.com", "registry.example.com:5000", "a", false)]
    [InlineData("registry.example.com:5000", "registry.example.com", "a", false)]
    [InlineData("registry.example.com:5000", "registry.example.com:5000", "a", true)]
    // Path prefixes end at a slash.
    [InlineData("ghcr.io/team", "ghcr.io", "team/app", true)]
    [InlineData("ghcr.io/team", "ghcr.io", "team", true)]
    [InlineData("ghcr.io/team", "ghcr.io", "team-b/app", false)]
    [InlineData("ghcr.io/team", "ghcr.io", "other/team", false)]
    [InlineData("https://ghcr.io/v1/team", "ghcr.io", "team/app", true)]
    // Wildcards stay within a label.
    [InlineData("*.example.com", "a.example.com", "x", true)]
    [InlineData("*.example.com", "a.b.example.com", "x", false)]
    [InlineData("*.example.com", "example.com", "x", false)]
    [InlineData("reg*.example.com", "registry.example.com", "x", true)]
    [InlineData("*.dkr.ecr.*.amazonaws.com", "123.dkr.ecr.eu-west-1.amazonaws.com", "x", true)]
    // Docker Hub by any of its names.
    [InlineData("https://index.docker.io/v1/", "docker.io", "library/hello", true)]
    [InlineData("docker.io", "docker.io", "library/hello", true)]
    [InlineData("docker.io/team", "docker.io", "library/hello", false)]
    public async Task Key_Matches_AsTheKubeletMatchesIt(string key, string registry, string repository, bool matches)
    {
        var store = Json($$"""{"auths":{"{{key}}":{"username":"u","password":"p"} } }""");

        var found = await store.FindAsync(registry, repository, Cancel);

        Assert.Equal(matches ? 1 : 0, found.Count);
    }

    [Fact]
    public async Task MostSpecificKey_Comes_First()
    {
        var store = Json("""
            {"auths":{
              "*.example.com":{"username":"wildcard","password":"p"},
              "reg.example.com":{"username":"host","password":"p"},
              "reg.example.com/team/app":{"username":"app","password":"p"},
              "reg.example.com/team":{"username":"team","password":"p"}}}
            """);

        var found = await store.FindAsync("reg.example.com", "team/app", Cancel);

        Assert.Equal(["app", "team", "host", "wildcard"], found.Select(credential => credential.Username));
    }

    [Fact]
    public async Task EveryForm_Of_CredentialIsRead()
    {
        var auth = Convert.ToBase64String(Encoding.UTF8.GetBytes("user:pass:word"));
        var store = Json($$"""
            {"auths":{
              "a.example.com":{"auth":"{{auth}}","username":"ignored"},
              "b.example.com":{"username":"user","password":"word"},
              "c.example.com":{"auth":"{{auth}}","identitytoken":"refresh"},
              "d.example.com":{"registrytoken":"bearer"},
              "e.example.com":{} } }
            """);

        var a = Assert.Single(await store.FindAsync("a.example.com", "x", Cancel));
        Assert.Equal(("user", "pass:word"), (a.Username, a.Password));
        var b = Assert.Single(await store.FindAsync("b.example.com", "x", Cancel));
        Assert.Equal(("user", "word"), (b.Username, b.Password));
        Assert.Equal("refresh", Assert.Single(await store.FindAsync("c.example.com", "x", Cancel)).IdentityToken);
        Assert.Equal("bearer", Assert.Single(await store.FindAsync("d.example.com", "x", Cancel)).RegistryToken);
        Assert.Empty(await store.FindAsync("e.example.com", "x", Cancel));
    }

    [Fact]
    public async Task DockerCfg_Is_TheSameWithoutAuths()
    {
        var store = Json("""{"https://ghcr.io":{"username":"u","password":"p","email":"x@example.com"}}""");

        Assert.Equal("u", Assert.Single(await store.FindAsync("ghcr.io", "a/b", Cancel)).Username);
    }

    [Theory]
    [InlineData("""{"auths":{"ghcr.io":{"auth":"hunter2!"}}}""", "'ghcr.io'")]
    [InlineData("""{"auths":{"ghcr.io":{"auth":"aHVudGVyMg=="}}}""", "base64 of user:password")]
    [InlineData("""{"auths":{"ghcr.io":{"password":hunter2}}}""", "line 1")]
    [InlineData("""{"auths":{"ghcr.io":["hunter2"]}}""", "line 1")]
    public void MalformedSecret_Is_RefusedWithoutShowingIt(string json, string expected)
    {
        var error = Assert.Throws<OciException>(() => Json(json));

        Assert.Equal(OciErrorKind.Credentials, error.Kind);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Credential_Never_ShowsItsSecret()
    {
        foreach (var credential in new[] { Credential.Basic("user", "hunter2"), Credential.Refresh("hunter2"), Credential.Bearer("hunter2") })
            Assert.DoesNotContain("hunter2", $"{credential}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task FileOfTheUser_Uses_ItsHelpers()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the helper of this test is a shell script");
        using var directory = new TempDirectory("docker-config");
        WriteHelper(directory, "vault", """
            read server
            case "$server" in
              reg.example.com) echo '{"ServerURL":"reg.example.com","Username":"user","Secret":"hunter2"}';;
              token.example.com) echo '{"Username":"<token>","Secret":"refresh"}';;
              broken.example.com) echo 'the vault is sealed'; exit 1;;
              *) echo 'credentials not found in native keychain'; exit 1;;
            esac
            """);
        var config = directory.Write("config.json", """
            {"credHelpers":{"reg.example.com":"wagi-test-vault","token.example.com":"wagi-test-vault","broken.example.com":"wagi-test-vault",
              "fallback.example.com":"wagi-test-vault","absent.example.com":"wagi-test-absent","evil.example.com":"../../bin/sh"},
             "auths":{"fallback.example.com":{"username":"file","password":"p"},"plain.example.com":{"username":"plain","password":"p"} } }
            """);

        var store = DockerConfigCredentialStore.FromFile(config);

        var user = Assert.Single(await store.FindAsync("reg.example.com", "x", Cancel));
        Assert.Equal(("user", "hunter2"), (user.Username, user.Password));
        Assert.Equal("refresh", Assert.Single(await store.FindAsync("token.example.com", "x", Cancel)).IdentityToken);
        Assert.Equal("file", Assert.Single(await store.FindAsync("fallback.example.com", "x", Cancel)).Username);
        Assert.Equal("plain", Assert.Single(await store.FindAsync("plain.example.com", "x", Cancel)).Username);
        foreach (var (host, expected) in new[]
        {
            ("broken.example.com", "docker-credential-wagi-test-vault get failed for broken.example.com with exit code 1"),
            ("absent.example.com", "docker-credential-wagi-test-absent"),
            ("evil.example.com", "'../../bin/sh' is not the name of a Docker credential helper"),
        })
        {
            var error = await Assert.ThrowsAsync<OciException>(async () => await store.FindAsync(host, "x", Cancel));
            Assert.Equal(OciErrorKind.Credentials, error.Kind);
            Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task HelpersNamedByASecret_Are_NotRun()
    {
        var store = Json("""{"credsStore":"wagi-test-absent","credHelpers":{"ghcr.io":"wagi-test-absent"}}""");

        Assert.Empty(await store.FindAsync("ghcr.io", "a/b", Cancel));
    }

    [Fact]
    public async Task MissingFile_Means_NoCredentials()
    {
        using var directory = new TempDirectory("docker-config");

        Assert.Empty(await DockerConfigCredentialStore.FromFile(directory.PathOf("config.json")).FindAsync("ghcr.io", "a/b", Cancel));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static DockerConfigCredentialStore Json(string json) => DockerConfigCredentialStore.FromPullSecret(json);

    // Helpers are found on PATH; adding a folder there disturbs no other test.
    private static void WriteHelper(TempDirectory directory, string name, string script)
    {
        var path = directory.Write("docker-credential-wagi-test-" + name, "#!/bin/sh\n" + script + "\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Environment.SetEnvironmentVariable("PATH", $"{directory.FullPath}{Path.PathSeparator}{Environment.GetEnvironmentVariable("PATH")}");
    }
}
