using Wagi.Modules.Problems;
using Wagi.Runtime.Commands;

namespace Wagi.Runtime.Tests.Commands;

public sealed class ProblemPrinterTests
{
    [Theory]
    [InlineData(ProblemSeverity.Error, "a: b.toml:3:1: \e[31merror\e[0m: it is: wrong (mend it)")]
    [InlineData(ProblemSeverity.Warning, "a: b.toml:3:1: \e[33mwarning\e[0m: it is: wrong (mend it)")]
    public void Severity_IsInColor(ProblemSeverity severity, string line) =>
        Assert.Equal(line, ProblemPrinter.Colored(new Problem(new SourceLocation("a: b.toml", 3, 1), severity, "it is: wrong", "mend it")));
}
