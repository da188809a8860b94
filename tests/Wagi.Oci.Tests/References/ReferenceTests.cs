using CsCheck;
using Wagi.Oci.Content;
using Wagi.Oci.Errors;
using Wagi.Oci.References;

namespace Wagi.Oci.Tests.References;

public sealed class ReferenceTests
{
    private const string Hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    [Theory]
    // Bare references.
    [InlineData("ghcr.io/a/b:v1", "ghcr.io", "a/b", "v1")]
    [InlineData("127.0.0.1:5000/samples/hello:v1", "127.0.0.1:5000", "samples/hello", "v1")]
    [InlineData("localhost/hello:v1", "localhost", "hello", "v1")]
    [InlineData("localhost:5000/hello", "localhost:5000", "hello", "latest")]
    [InlineData("registry:5000/hello:v1", "registry:5000", "hello", "v1")]
    [InlineData("[::1]:5000/hello:v1", "[::1]:5000", "hello", "v1")]
    [InlineData("GHCR.io/a/b:V1", "ghcr.io", "a/b", "V1")]
    [InlineData("example.com/a__b/c-d.e_f/g--h:1", "example.com", "a__b/c-d.e_f/g--h", "1")]
    // With a scheme.
    [InlineData("oci://127.0.0.1:5000/samples/hello:v1", "127.0.0.1:5000", "samples/hello", "v1")]
    [InlineData("oci:ghcr.io/a/b:v1", "ghcr.io", "a/b", "v1")]
    [InlineData("OCI://ghcr.io/a/b", "ghcr.io", "a/b", "latest")]
    // WAGI's documentation: oci:foo/bar:1.2.3 is the Docker image foo/bar:1.2.3.
    [InlineData("oci:foo/bar:1.2.3", "docker.io", "foo/bar", "1.2.3")]
    // Docker Hub and its aliases.
    [InlineData("hello", "docker.io", "library/hello", "latest")]
    [InlineData("hello:v1", "docker.io", "library/hello", "v1")]
    [InlineData("docker.io/hello:v1", "docker.io", "library/hello", "v1")]
    [InlineData("index.docker.io/user/hello", "docker.io", "user/hello", "latest")]
    [InlineData("registry-1.docker.io/user/hello", "docker.io", "user/hello", "latest")]
    public void Text_Is_Read(string text, string registry, string repository, string tag)
    {
        var reference = Reference.Parse(text);

        Assert.Equal((registry, repository, tag, null), (reference.Registry, reference.Repository, reference.Tag, reference.Digest));
    }

    [Fact]
    public void Digest_Is_Read_AndReplacesTheDefaultTag()
    {
        var both = Reference.Parse($"oci://host:1/repo/name:tag@sha256:{Hex}");
        var alone = Reference.Parse($"ghcr.io/a/b@sha256:{Hex}");

        Assert.Equal(("tag", $"sha256:{Hex}"), (both.Tag, both.Digest?.ToString()));
        Assert.Equal((null, $"sha256:{Hex}"), (alone.Tag, alone.Digest?.ToString()));
        Assert.Equal($"host:1/repo/name:tag@sha256:{Hex}", both.ToString());
    }

    [Fact]
    public void DockerHub_Is_ServedByItsRegistryHost()
    {
        Assert.Equal("registry-1.docker.io", Reference.Parse("hello").ApiHost);
        Assert.Equal("ghcr.io", Reference.Parse("ghcr.io/hello/x").ApiHost);
    }

    [Fact]
    public void WithDigest_Keeps_TheTag()
    {
        var reference = Reference.Parse("ghcr.io/a/b:v1").WithDigest(Digest.Parse($"sha256:{Hex}"));

        Assert.Equal($"ghcr.io/a/b:v1@sha256:{Hex}", reference.ToString());
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("   ", "is empty")]
    [InlineData(null, "is empty")]
    [InlineData("ghcr.io/Foo/Bar:v1", "write 'foo/bar'")]
    [InlineData("https://ghcr.io/a/b:v1", "leave out 'https://'")]
    [InlineData("ghcr.io/a/b:", "'' is not a tag")]
    [InlineData("ghcr.io/a/b:-v1", "'-v1' is not a tag")]
    [InlineData("ghcr.io/a/b:v 1", "white space")]
    [InlineData("ghcr.io/a/b:v1\n", "white space")]
    [InlineData("ghcr.io/", "the repository is missing")]
    [InlineData("ghcr.io/a//b", "'a//b' is not a repository")]
    [InlineData("ghcr.io/a/b/", "'a/b/' is not a repository")]
    [InlineData("ghcr.io/a/_b", "'a/_b' is not a repository")]
    [InlineData("ghcr.io/../b", "'../b' is not a repository")]
    [InlineData("ex_ample.com/a/b", "'ex_ample.com' is not a host name")]
    [InlineData("host:port/a/b", "'host:port' is not a host name")]
    [InlineData("ghcr.io/a/b@sha256:abc", "64 hexadecimal digits, found 3")]
    [InlineData("ghcr.io/a/b@sha1:abc", "'sha1' is not a known digest algorithm")]
    public void WrongText_Is_RefusedWithWhatToDo(string? text, string expected)
    {
        Assert.False(Reference.TryParse(text, out _, out var error));

        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    [Fact]
    public void WrongText_Throws_InvalidReference()
    {
        var error = Assert.Throws<OciException>(() => Reference.Parse("a b"));

        Assert.Equal(OciErrorKind.InvalidReference, error.Kind);
        Assert.False(error.IsTransient);
    }

    [Fact]
    public void CredentialsInAReference_Are_NotRepeated()
    {
        Assert.False(Reference.TryParse("oci://user:hunter2@ghcr.io/a/b:v1", out _, out var error));

        Assert.DoesNotContain("hunter2", error, StringComparison.Ordinal);
        Assert.Contains("credentials do not belong", error, StringComparison.Ordinal);
    }

    [Fact]
    public void RepositoryLongerThanAllowed_Is_Refused()
    {
        Assert.True(Reference.TryParse("ghcr.io/" + new string('a', 255), out _, out _));
        Assert.False(Reference.TryParse("ghcr.io/" + new string('a', 256), out _, out var error));
        Assert.Contains("at most 255", error, StringComparison.Ordinal);
    }

    [Fact]
    public void CanonicalText_Parses_ToTheSameReference()
    {
        var word = Gen.Char["abcxyz019"].Array[1, 6].Select(characters => new string(characters));
        var component = Gen.Select(word, Gen.OneOf<string>(".", "_", "__", "-", "---"), word, (a, separator, b) => a + separator + b);
        var path = Gen.OneOf<string>(word, component).Array[1, 4].Select(parts => string.Join('/', parts));
        var host = Gen.OneOf<string>(
            Gen.OneOf<string>("docker.io", "localhost", "ghcr.io", "10.0.0.1", "[::1]:443"),
            Gen.Select(word, Gen.Int[1, 65535], (name, port) => $"{name}:{port}"));
        var tag = Gen.Select(Gen.Char["aZ0_"], Gen.Char["aZ0_.-"].Array[0, 127], (first, rest) => $":{first}{new string(rest)}");
        var digest = Gen.Byte.Array[0, 8].Select(bytes => "@" + Digest.Compute(bytes));

        Gen.Select(Gen.OneOf<string>("", "oci:", "oci://"), host, path, Gen.OneOf<string>(Gen.Const(""), tag), Gen.OneOf<string>(Gen.Const(""), digest))
            .Sample(parts =>
            {
                var (scheme, registry, repository, tagPart, digestPart) = parts;
                var reference = Reference.Parse($"{scheme}{registry}/{repository}{tagPart}{digestPart}");
                var again = Reference.Parse(reference.ToString());
                return again == reference && again.ToString() == reference.ToString() && reference.Registry == registry;
            });
    }

    [Fact]
    public void AnyText_Is_ReadOrRefused_NeverBoth()
    {
        Gen.Char["ab/:@.-_ A\n0[]"].Array[0, 24].Select(characters => new string(characters)).Sample(text =>
            Reference.TryParse(text, out var reference, out var error)
                ? error is null && Reference.Parse(reference.ToString()) == reference
                : reference is null && error.Length > 0);
    }
}
