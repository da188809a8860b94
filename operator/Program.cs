using System.CommandLine;
using Wagi.Hosting.CommandLine;
using Wagi.Operator.Commands;

PlainConsole.Use();

// The commands handle signals themselves: a leader gives its Lease back before it ends.
var configuration = new InvocationConfiguration { ProcessTerminationTimeout = null };
return await CommandLineProgram.RunAsync(RootCommandFactory.Create(), args, configuration);
