using System.CommandLine;
using Wagi.Hosting.CommandLine;
using Wagi.Runtime.Compiling;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Worlds;

namespace Wagi.Runtime.Commands;

/// <summary><c>wagi compiler</c>: what a server has compile its modules (<see cref="ModuleCompiler"/>), for nobody to type.</summary>
internal sealed class CompilerCommand
{
    private readonly Option<string> _memory = new("--compile-memory")
    {
        Description = "Memory that it may take; beyond it ends.",
        HelpName = "SIZE",
        Required = true,
    };

    private readonly Option<string> _time = new("--compile-time")
    {
        Description = "Processor time that one module may take; beyond it ends.",
        HelpName = "DURATION",
        Required = true,
    };

    public Command Create()
    {
        var command = new Command("compiler", "Compile modules that come by standard input, one after the other.") { Hidden = true };
        command.Options.Add(_memory);
        command.Options.Add(_time);
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        try
        {
            if (!OperatingSystem.IsLinux())
            {
                throw new UsageException("limits of a process are Linux's");
            }

            var limits = new CompilerLimits { Memory = Arguments.ReadSize(arguments, _memory), Time = Arguments.ReadDuration(arguments, _time) };
            Confinement.GiveWay();
            Confinement.LimitMemory(limits.Memory);
            using var engine = GuestEngines.Create(new GuestEngineOptions { MaxInstances = 1 });
            await using var modules = Console.OpenStandardInput();
            await using var answers = Console.OpenStandardOutput();
            await new CompilerLoop(engine, limits).RunAsync(modules, answers, cancellationToken);
            return ExitCodes.Success;
        }
        catch (OutOfMemoryException)
        {
            return CompilerProcess.OutOfMemory;
        }
        catch (UsageException exception)
        {
            return await ExitCodes.UsageAsync(arguments, exception);
        }
        catch (IOException exception)
        {
            return await ExitCodes.FailAsync(arguments, exception.Message);
        }
    }
}
