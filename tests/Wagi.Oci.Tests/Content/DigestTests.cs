using Wagi.Oci.Content;

namespace Wagi.Oci.Tests.Content;

public sealed class DigestTests
{
    // NIST's test vectors for "abc".
    private const string Sha256 = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    private const string Sha512 =
        "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";

    [Theory]
    [InlineData(Sha256)]
    [InlineData(Sha512)]
    public void Digest_Matches_ItsContentOnly(string text)
    {
        var digest = Digest.Parse(text);

        Assert.True(digest.Matches("abc"u8));
        Assert.False(digest.Matches("abd"u8));
        Assert.Equal(text, digest.ToString());
    }

    [Fact]
    public void Compute_Gives_Sha256()
    {
        Assert.Equal(Sha256, Digest.Compute("abc"u8).ToString());
        Assert.Equal(Digest.Parse(Sha256), Digest.Compute("abc"u8));
    }

    [Theory]
    [InlineData(null, "is not a digest")]
    [InlineData("abc", "is not a digest")]
    [InlineData("md5:900150983cd24fb0d6963f7d28e17f72", "'md5' is not a known digest algorithm")]
    [InlineData("sha256:ab", "found 2")]
    [InlineData("sha256:BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD", "lower-case")]
    [InlineData("sha256:../../../etc/passwd", "found 19")]
    public void WrongText_Is_RefusedWithTheReason(string? text, string expected)
    {
        Assert.False(Digest.TryParse(text, out _, out var error));

        Assert.Contains(expected, error, StringComparison.Ordinal);
    }
}
