using System.CommandLine;
using Wagi.Hosting.CommandLine;
using Wagi.Runtime.Commands;

PlainConsole.Use();

var root = ExitCodes.Program == KubectlCommandFactory.ProgramName ? KubectlCommandFactory.Create() : RootCommandFactory.Create();

// Signals are the commands' own business: a server drains before it ends.
var configuration = new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false };
try
{
    return await CommandLineProgram.RunAsync(root, args, configuration);
}
catch (Exception exception) when (exception.GetBaseException() is DllNotFoundException)
{
    return await ExitCodes.FailAsync($"libwasmtime.so cannot be loaded: it belongs into the program's folder, {AppContext.BaseDirectory}");
}
catch (Exception exception)
{
    return await ExitCodes.FailAsync($"this should not happen: {exception}");
}
