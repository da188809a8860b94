using Wagi.Hosting.CommandLine;
using Wagi.Runtime.Commands;
using Wagi.TestCluster;

namespace Wagi.Runtime.Tests.Commands;

public sealed class EnvironmentArgumentsTests : IDisposable
{
    private readonly TempDirectory _temporary = new("environment");

    [Fact]
    public void LaterSettings_Win_AndFilesComeFirst()
    {
        var file = _temporary.Write("env", "# comment\n\nA=file\nB = spaced=value\n");
        var environment = EnvironmentArguments.Read([file], ["A=flag", "EMPTY="]);
        Assert.Equal("flag", environment["A"]);
        Assert.Equal("spaced=value", environment["B"]);
        Assert.Equal("", environment["EMPTY"]);
    }

    [Fact]
    public void Quotes_AreNotPartOfTheValue_AsInWagi()
    {
        var file = _temporary.Write("env", "TEST_NAME = \"test value\"\nOTHER='it is \"quoted\"'\nHALF=\"x\n");
        var environment = EnvironmentArguments.Read([file], ["A=\"my bar\"", "B= x ", "C=\"", "D=''"]);
        Assert.Equal("test value", environment["TEST_NAME"]);
        Assert.Equal("it is \"quoted\"", environment["OTHER"]);
        Assert.Equal("\"x", environment["HALF"]);
        Assert.Equal("my bar", environment["A"]);
        Assert.Equal(" x ", environment["B"]);
        Assert.Equal("\"", environment["C"]);
        Assert.Equal("", environment["D"]);
    }

    [Fact]
    public void LineThatIsNoVariable_IsNamedByItsPlace_WithoutItsText()
    {
        var file = _temporary.Write("env", "A=1\nsecret-without-a-name\n");
        var error = Assert.Throws<UsageException>(() => EnvironmentArguments.Read([file], []));
        Assert.Equal($"{file}:2: an environment variable is written KEY=VALUE", error.Message);
    }

    public void Dispose() => _temporary.Dispose();
}
