using Wagi.TestCluster;
using Wagi.TestCluster.Processes;

namespace Wagi.Runtime.Tests.Commands;

/// <summary>Completion in the shells themselves, and manual pages in the program that shows them.</summary>
public sealed class ShellTests
{
    /// <summary>Prints what the shell would offer for the line in <c>$LINE</c>, in one line.</summary>
    private static readonly Dictionary<string, string> Offers = new()
    {
        ["bash"] = """
            source <(wagi completion bash)
            COMP_LINE=$LINE COMP_POINT=${#LINE}
            _wagi wagi
            echo "${COMPREPLY[*]}"
            """,
        // The functions that show it belong to the line editor, which only a terminal has.
        ["zsh"] = """
            compdef() { }
            _describe() { print -- ${${(P)2}%%:*} }
            _files() { print files }
            source <(wagi completion zsh)
            words=(${(s: :)LINE}) CURRENT=$#words
            [[ $LINE != *' ' ]] || { words+=('') CURRENT+=1 }
            _wagi
            """,
        ["fish"] = """
            wagi completion fish | source
            set --local words (complete --do-complete $LINE | string split --fields 1 \t)
            echo $words
            """,
    };

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    public async Task Shell_OffersWhatMayComeNext(string shell)
    {
        Assert.SkipWhen(TestTools.WhyMissing(shell) is not null, TestTools.WhyMissing(shell) ?? "");
        Assert.Equal("serve\n", await OfferedAsync(shell, "wagi se"));
        Assert.Equal("full stdio\n", await OfferedAsync(shell, "wagi run --wasi "));
        Assert.Equal("--access-log --access-log-slow\n", await OfferedAsync(shell, "wagi serve --access-l"));

        // Readline's word is what follows the equals sign.
        Assert.Equal(shell == "bash" ? "all\n" : "--access-log=all\n", await OfferedAsync(shell, "wagi serve --access-log=a"));
    }

    private static async Task<string> OfferedAsync(string shell, string line)
    {
        using var home = new TempDirectory("shell");
        var result = await Command.RunAsync(
            shell,
            [shell switch { "fish" => "--no-config", "zsh" => "-f", _ => "--norc" }, "-c", Offers[shell]],
            new Dictionary<string, string?>
            {
                ["PATH"] = $"{AppContext.BaseDirectory}:{Environment.GetEnvironmentVariable("PATH")}",
                ["HOME"] = home.FullPath,
                ["LINE"] = line,
            },
            cancellationToken: TestContext.Current.CancellationToken);
        return result.Stdout + result.Stderr;
    }

    [Fact]
    public async Task ManualPages_AreReadWithoutAWarning()
    {
        Assert.SkipWhen(TestTools.WhyMissing("groff") is not null, TestTools.WhyMissing("groff") ?? "");
        using var folder = new TempDirectory("man");
        var outcome = await CommandFolder.RunAsync("man", folder.FullPath);
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));

        var pages = Directory.EnumerateFiles(folder.FullPath).Order(StringComparer.Ordinal).ToList();
        Assert.Contains("wagi-serve.1", pages.Select(Path.GetFileName));
        var result = await Command.RunAsync("groff", ["-man", "-ww", "-z", "-Tutf8", "-k", .. pages], cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal((0, ""), (result.ExitCode, result.Stderr));
    }
}
