using System.CommandLine;
using Wagi.Hosting.CommandLine;
using Wagi.Operator.Commands;

// Signals are the commands' own business: a leader gives its lease back before it ends.
var configuration = new InvocationConfiguration { ProcessTerminationTimeout = null };
return await CommandLineProgram.RunAsync(RootCommandFactory.Create(), args, configuration);
