using System.CommandLine;
using Microsoft.Extensions.Logging;
using Wagi.Hosting.CommandLine;

namespace Wagi.Hosting.Tests.CommandLine;

/// <summary>Mistakes on the command line are one line that names the option.</summary>
public sealed class CommandLineProgramTests
{
    [Theory]
    [InlineData("--format xml", "--format 'xml' must be json or text")]
    [InlineData("--level loud", "--level 'loud' must be Critical, Debug, Error, Information, None, Trace or Warning")]
    [InlineData("--number many", "--number 'many' is not a whole number, or too large")]
    [InlineData("--number 99999999999", "--number '99999999999' is not a whole number, or too large")]
    [InlineData("--formt json", "'--formt' is not an option; did you mean '--format'?")]
    public async Task ValueThatIsNone_IsNamedWithItsOption(string line, string expected)
    {
        var format = new Option<string>("--format");
        format.AcceptOnlyFromAmong("text", "json");
        var root = new RootCommand("Does things.") { format, new Option<LogLevel>("--level"), new Option<int>("--number") };
        root.SetAction(_ => 0);
        using var error = new StringWriter { NewLine = "\n" };

        var code = await CommandLineProgram.RunAsync(
            root, line.Split(' '), new InvocationConfiguration { Output = TextWriter.Null, Error = error }, TestContext.Current.CancellationToken);

        Assert.Equal(2, code);
        Assert.Matches($"^[^ ]+: {System.Text.RegularExpressions.Regex.Escape(expected)} \\(see '.* --help'\\)\n$", error.ToString());
    }
}
