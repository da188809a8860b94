using System.Security.Cryptography;
using System.Text;
using Wagi.Modules.Configuration;

namespace Wagi.Modules.Tests.Configuration;

public sealed class ChecksumLineTests
{
    private const string Others =
        """
        # Generated.

        [[module]]
        id = "a"
        route = "/a"
        module = "a.wasm"

        [[module]]
        id = "b"
        route = "/b"
        module = "b.wasm"

        """;

    private static readonly string Generated = ChecksumLine.AddTo(Others);

    private static ModulesFile Read(string toml) => ModulesTomlReader.Read(toml, "modules.toml");

    private static void IsTaken(string toml)
    {
        var file = Read(toml);
        Assert.Empty(file.Problems);
        Assert.False(file.IsDamaged);
        Assert.Equal(["a", "b"], file.Entries.Select(entry => entry.Id));
    }

    private static void IsRefused(string toml, int line = 1)
    {
        var file = Read(toml);
        Assert.True(file.IsDamaged);
        Assert.Equal(
            $"modules.toml:{line}:1: error: the file was changed after it was generated (change what it is generated from, or delete this line to have the file taken as it is)",
            Assert.Single(file.Problems).ToString());
    }

    [Fact]
    public void Line_IsWhatSha256sumSaysOfTheOthers()
    {
        Assert.Equal($"# sha256 of all other lines: {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Others)))}\n{Others}", Generated);
        Assert.Equal(Generated.Length - Others.Length, ChecksumLine.Length);
    }

    [Fact]
    public void FileAsItWasGenerated_IsTaken() => IsTaken(Generated);

    [Fact]
    public void FileWithoutTheLine_IsTaken() => IsTaken(Others);

    [Fact]
    public void FileWithoutAnEntry_IsRefused()
    {
        var without = Generated[..Generated.LastIndexOf("[[module]]", StringComparison.Ordinal)];
        IsRefused(without);
        Assert.Equal("a", Assert.Single(Read(without).Entries).Id);
    }

    [Fact]
    public void FileWithAnotherByte_IsRefused_WhicheverItIs()
    {
        const string Marker = "# sha256 of all other lines: ";
        for (var i = Marker.Length; i < Generated.Length; i++)
        {
            Assert.True(Read(Generated.Remove(i, 1).Insert(i, "\u00e9")).IsDamaged, $"byte {i}");
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("\n\n")]
    public void EndOfTheLastLine_MakesNoDifference(string end)
    {
        IsTaken(Generated.TrimEnd('\n') + end);
        IsTaken(ChecksumLine.AddTo(Others.TrimEnd('\n') + end));
    }

    [Fact]
    public void EndsOfLines_MakeNoDifference() => IsTaken(Generated.Replace("\n", "\r\n", StringComparison.Ordinal));

    [Theory]
    [InlineData("# sha256 of all other lines: ")]
    [InlineData("# sha256 of all other lines: \n")]
    [InlineData("# sha256 of all other lines: 00\r\n")]
    public void LineAlone_IsRefused(string toml) => IsRefused(toml);

    [Fact]
    public void FileWithSomethingBeforeTheLine_IsRefused() => IsRefused("# mine\n\n" + Generated, line: 3);

    [Fact]
    public void GeneratedFileBehindAnother_IsRefused() =>
        IsRefused(Generated + "\n" + ChecksumLine.AddTo("[[module]]\nid = \"c\"\nroute = \"/c\"\nmodule = \"c.wasm\"\n"));

    [Theory]
    [InlineData("")]
    [InlineData("# Generated.\n\n")]
    public void FileWithoutEntries_IsTaken(string others) => Assert.Equal((0, false), (Read(ChecksumLine.AddTo(others)).Problems.Length, Read(ChecksumLine.AddTo(others)).IsDamaged));
}
