using System.CommandLine;
using Wagi.Hosting.CommandLine;

namespace Wagi.Hosting.Tests.CommandLine;

public sealed class CompletionCommandsTests
{
    [Theory]
    [InlineData("tool ", "completion", "serve")]
    [InlineData("./bin/tool se", "serve")]
    [InlineData("tool", "completion", "serve")]
    [InlineData("tool er")] // 'serve' has it, but does not begin with it.
    [InlineData("tool serve --fo", "--format")]
    [InlineData("tool serve --format ", "json", "text")]
    [InlineData("tool serve --format t", "text")]
    [InlineData("tool serve --format=t", "--format=text")]
    [InlineData("tool serve --format=", "--format=json", "--format=text")]
    [InlineData("tool serve --none=t")]
    [InlineData("tool serve ")] // A file: the shell's own business.
    [InlineData("tool serve \"a b", new string[0])]
    [InlineData("tool completion z", "zsh")]
    [InlineData("")]
    public async Task Candidates_AreWhatMayComeNext(string line, params string[] expected)
    {
        var (_, output, _) = await RunAsync("complete", line);

        var candidates = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(candidate => candidate.Split('\t')[0]);
        Assert.Equal(line.Length == 0 ? ["completion", "serve"] : expected, candidates);
    }

    [Fact]
    public async Task Candidate_HasTheFirstSentenceOfItsDescription()
    {
        var (code, output, _) = await RunAsync("complete", "tool serve --fo");

        Assert.Equal((0, "--format\tHow it is printed\n"), (code, output));
    }

    [Fact]
    public async Task UnknownShell_IsAnError_ThatNamesTheOthers()
    {
        var (code, output, error) = await RunAsync("completion", "tcsh");

        Assert.Equal((2, ""), (code, output));
        Assert.EndsWith(": there is no completion for 'tcsh', but for bash, zsh, fish\n", error, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        var format = new Option<string>("--format") { Description = "How it is printed. Default: text." };
        format.AcceptOnlyFromAmong("text", "json");
        var serve = new Command("serve", "Serve files.") { new Argument<string>("FILE"), format };
        serve.SetAction(_ => 0);
        var root = new RootCommand("Does things.") { serve };
        new CompletionCommands("tool").AddTo(root);
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };

        var code = await CommandLineProgram.RunAsync(
            root, arguments, new InvocationConfiguration { Output = output, Error = error }, TestContext.Current.CancellationToken);

        return (code, output.ToString(), error.ToString());
    }
}
