using System.CommandLine;
using Wagi.Hosting.CommandLine;
using Wagi.Modules.Problems;
using Wagi.Runtime.Inspection;

namespace Wagi.Runtime.Commands;

/// <summary><c>wagi check</c>.</summary>
internal sealed class CheckCommand
{
    private readonly InspectionArguments _inspection = new();

    public Command Create()
    {
        var command = new Command(
            "check", "Load and compile the modules of a modules.toml, or a single one, and say what is wrong: file:line:column. Code 1 when something is.");
        _inspection.AddTo(command);
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        try
        {
            var inspection = await _inspection.InspectAsync(arguments, notesOrder: true, cancellationToken);
            var error = arguments.InvocationConfiguration.Error;
            foreach (var problem in inspection.Problems)
            {
                await ProblemPrinter.PrintAsync(arguments, problem);
            }

            var summary = $"{Quantity.Of(inspection.Modules, "module")}, {Verdict(inspection)}{(inspection.Modules == 0 && inspection.Errors == 0 ? ": the file has no [[module]]" : "")}";
            if (inspection.Errors > 0)
            {
                await error.WriteLineAsync(summary);
                return ExitCodes.Failure;
            }

            await arguments.InvocationConfiguration.Output.WriteLineAsync(summary);
            return ExitCodes.Success;
        }
        catch (UsageException exception)
        {
            return await ExitCodes.UsageAsync(arguments, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return await ExitCodes.FailAsync(arguments, exception.Message);
        }
    }

    private static string Verdict(InspectionResult inspection)
    {
        var warnings = inspection.Problems.Length - inspection.Errors;
        return (inspection.Errors, warnings) switch
        {
            (0, 0) => "no problem",
            (0, _) => Quantity.Of(warnings, "warning"),
            (_, 0) => Quantity.Of(inspection.Errors, "error"),
            _ => $"{Quantity.Of(inspection.Errors, "error")}, {Quantity.Of(warnings, "warning")}",
        };
    }
}
