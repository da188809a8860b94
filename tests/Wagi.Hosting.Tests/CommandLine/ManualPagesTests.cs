using System.CommandLine;
using Wagi.Hosting.CommandLine;

namespace Wagi.Hosting.Tests.CommandLine;

public sealed class ManualPagesTests
{
    private readonly RootCommand _root = new("Does things: all of them.\n\nExamples:\n  tool serve a.b    one")
    {
        new Command("serve", "Serve files. 'FILE' may be\n.any; a C:\\path as well.\n\nOne more paragraph.")
        {
            new Argument<string>("FILE") { Description = "The file.", Arity = ArgumentArity.ZeroOrMore },
            new Option<string>("--format", "-f") { Description = "How it is printed.", HelpName = "text|json", DefaultValueFactory = _ => "text" },
            new Option<int>("--owner") { Description = "Whose it is.", HelpName = "USER", Required = true },
            new Option<bool>("--quiet") { Description = "Print nothing." },
            new Option<string>("--secret") { Description = "Not for people.", Hidden = true },
        },
        new Command("inner", "Not for people.") { Hidden = true },
    };

    [Fact]
    public void PageOfACommand_SaysAllThatItsDefinitionSays()
    {
        var lines = new ManualPages("tool").Page(_root, _root.Subcommands[0]).Split('\n');

        Assert.StartsWith(".TH TOOL\\-SERVE 1 ", lines[0], StringComparison.Ordinal);
        Assert.Equal(
            [
                ".SH NAME",
                "tool\\-serve \\- Serve files",
                ".SH SYNOPSIS",
                "\\fBtool serve\\fR [\\fIFILE\\fR ...] [\\fIoptions\\fR]",
                ".SH DESCRIPTION",
                "Serve files. 'FILE' may be",
                "\\&.any; a C:\\epath as well.",
                ".PP",
                "One more paragraph.",
                ".SH ARGUMENTS",
                ".TP",
                "\\fIFILE\\fR",
                "The file.",
                ".SH OPTIONS",
                ".TP",
                "\\fB\\-f\\fR, \\fB\\-\\-format\\fR \\fItext|json\\fR",
                "How it is printed. Default: text.",
                ".TP",
                "\\fB\\-\\-owner\\fR \\fIUSER\\fR",
                "Whose it is. Required.",
                ".TP",
                "\\fB\\-\\-quiet\\fR",
                "Print nothing.",
                ".SH EXIT STATUS",
            ],
            lines[1..^4]);
        Assert.Equal([".SH SEE ALSO", "\\fBtool\\fR(1)", ""], lines[^3..]);
    }

    [Fact]
    public void PageOfTheProgram_ListsItsCommands_AndKeepsExamplesAsTheyAre()
    {
        var page = new ManualPages("tool").Page(_root, _root);

        Assert.Contains(".SH NAME\ntool \\- Does things: all of them\n", page, StringComparison.Ordinal);
        Assert.Contains(".nf\nExamples:\n  tool serve a.b    one\n.fi\n", page, StringComparison.Ordinal);
        Assert.Contains(".SH COMMANDS\n.TP\n\\fBserve\\fR\nServe files.\n.SH OPTIONS\n", page, StringComparison.Ordinal);
        Assert.EndsWith(".SH SEE ALSO\n\\fBtool\\-serve\\fR(1)\n", page, StringComparison.Ordinal);
        Assert.DoesNotContain("inner", page, StringComparison.Ordinal);
    }
}
