using System.Collections.Immutable;
using System.CommandLine;
using System.Text.Json;
using Wagi.Hosting.CommandLine;
using Wagi.Runtime.Inspection;

namespace Wagi.Runtime.Commands;

/// <summary><c>wagi routes</c>.</summary>
internal sealed class RoutesCommand
{
    private readonly Option<string> _output = new("--output", "-o")
    {
        Description = "How to print it.",
        HelpName = "table|json",
        DefaultValueFactory = _ => "table",
    };

    private readonly InspectionArguments _inspection = new();

    public Command Create()
    {
        _output.AcceptOnlyFromAmong("table", "json");
        var command = new Command(
            "routes", "Print the routes of a modules.toml, or of a single module, as they would be served, sub-routes included, the most specific first.");
        command.Options.Add(_output);
        _inspection.AddTo(command);
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        try
        {
            var inspection = await _inspection.InspectAsync(arguments, notesOrder: false, cancellationToken);
            var routes = inspection.Routes;
            await arguments.InvocationConfiguration.Output.WriteLineAsync(
                arguments.GetValue(_output) == "json" ? JsonSerializer.Serialize(routes, RouteJsonContext.Default.ImmutableArrayInspectedRoute) : Table(routes));
            foreach (var problem in inspection.Problems)
            {
                await ProblemPrinter.PrintAsync(arguments, problem);
            }

            return inspection.Errors == 0 ? ExitCodes.Success : ExitCodes.Failure;
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

    private static string Table(ImmutableArray<InspectedRoute> routes) => TextTable.Write(
    [
        ["HOST", "ROUTE", "ID", "ENTRYPOINT", "MODULE"],
        .. routes.Select(route => (string[])[route.Host ?? "*", route.Route, route.Id, route.Entrypoint, route.Module]),
    ]);
}
