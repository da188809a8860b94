using System.CommandLine;
using Wagi.Modules.Problems;
using Wagi.Runtime.Progress;

namespace Wagi.Runtime.Commands;

/// <summary>What a command says is wrong with a file: a line for each problem, with its severity in color on a terminal.</summary>
internal static class ProblemPrinter
{
    /// <summary>Prints a problem where the command was told to write its errors.</summary>
    public static Task PrintAsync(ParseResult arguments, Problem problem)
    {
        var error = arguments.InvocationConfiguration.Error;
        return error.WriteLineAsync(ProgressDisplay.HasColors(error) ? Colored(problem) : problem.ToString());
    }

    /// <summary>The line with its severity in color.</summary>
    public static string Colored(Problem problem)
    {
        var line = problem.ToString();
        var color = problem.Severity == ProblemSeverity.Error ? Color.Red : Color.Yellow;
        var start = problem.Location.ToString().Length + ": ".Length;
        var end = line.IndexOf(':', start);
        return line[..start] + color.Paint(line[start..end]) + line[end..];
    }
}
