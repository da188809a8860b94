using System.CommandLine;
using Wagi.Runtime.Commands;

// Signals are the commands' own business: a server drains before it ends.
var configuration = new InvocationConfiguration { ProcessTerminationTimeout = null };
return await RootCommandFactory.Create().Parse(args).InvokeAsync(configuration);
