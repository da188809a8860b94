using Wagi.Modules.Configuration;

namespace Wagi.Modules.Tests.Configuration;

public sealed class DevelopmentSectionTests
{
    private const string Module = "[[module]]\nroute = \"/\"\nmodule = \"a.wasm\"\n";

    [Theory]
    [InlineData("[dev]\nbuild = \"make\"\nwatch = [\"src\", \"Makefile\"]\n" + Module)]
    [InlineData(Module + "[dev]\nbuild = \"make\"\nwatch = [\"src\", \"Makefile\"]\n")]
    [InlineData("dev.build = \"make\"\ndev.watch = [\"src\", \"Makefile\"]\n" + Module)]
    [InlineData("dev = { build = \"make\", watch = [\"src\", \"Makefile\"] }\n" + Module)]
    public void Section_IsRead_AndIsNothingToAServer(string text)
    {
        var section = DevelopmentSection.Read(text, "modules.toml");
        Assert.Equal(("make", "src Makefile"), (section.Build, string.Join(' ', section.Watch)));

        var file = ModulesTomlReader.Read(text, "modules.toml");
        Assert.Single(file.Entries);
        Assert.Empty(file.Problems);
    }

    [Fact]
    public void FileWithoutIt_SaysNothing() => Assert.Equal(DevelopmentSection.Empty, DevelopmentSection.Read(Module, "modules.toml"));

    [Theory]
    [InlineData("dev = 1", "m.toml: 'dev' is not a table: write [dev]")]
    [InlineData("[dev]\nbiuld = \"make\"", "m.toml: [dev] has no key 'biuld'; did you mean 'build'?")]
    [InlineData("[dev]\nanything = 1", "m.toml: [dev] has no key 'anything'; its keys are build and watch")]
    [InlineData("[dev]\nbuild = \" \"", "m.toml: [dev] 'build' is not a command; write for example build = \"make\"")]
    [InlineData("[dev]\nbuild = [\"make\"]", "m.toml: [dev] 'build' is not a command; write for example build = \"make\"")]
    [InlineData("[dev]\nwatch = \"src\"", "m.toml: [dev] 'watch' is not a list of files and folders; write for example watch = [\"src\", \"Makefile\"]")]
    [InlineData("[dev]\nwatch = [1]", "m.toml: [dev] 'watch' is not a list of files and folders; write for example watch = [\"src\", \"Makefile\"]")]
    [InlineData("[dev\nbuild = 1", "m.toml:")]
    public void WhatItCannotBe_IsSaid(string text, string message) =>
        Assert.StartsWith(message, Assert.Throws<FormatException>(() => DevelopmentSection.Read(text, "m.toml")).Message, StringComparison.Ordinal);
}
