using System.CommandLine;
using Wagi.Hosting.CommandLine;
using Wagi.Hosting.Files;
using Wagi.Runtime.Cache;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Outbound;
using Wagi.Runtime.Progress;

namespace Wagi.Runtime.Commands;

/// <summary><c>wagi compile FILE</c>.</summary>
internal sealed class CompileCommand
{
    private readonly Argument<string> _file = new("FILE") { Description = "The module: Wasm or WebAssembly text." };

    private readonly Option<string?> _output = new("--output", "-o")
    {
        Description = "File to write. Default: FILE with the ending .cwasm.",
        HelpName = "FILE",
    };

    public Command Create()
    {
        var command = new Command(
            "compile",
            "Compile a module to native code for this version on this kind of machine. A modules.toml may name the file as a module. "
            + "Native code is trusted: use only what you compiled yourself.");
        command.Arguments.Add(_file);
        command.Options.Add(_output);
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var file = arguments.GetRequiredValue(_file);
        var output = arguments.GetValue(_output) ?? Path.ChangeExtension(file, ".cwasm");
        try
        {
            if (Path.GetFullPath(output) == Path.GetFullPath(file))
            {
                throw new UsageException($"-o '{output}' is the module itself; name another file");
            }

            var wasm = await ModuleFile.ReadAsync(file, cancellationToken);
            using var engine = GuestEngines.Create(new GuestEngineOptions { MaxInstances = 1 });
            byte[] code;
            using (var progress = ProgressDisplay.ForCommand(arguments))
            using (progress.Begin($"compiling {file}"))
            {
                code = engine.Compile(wasm);
            }

            await AtomicFile.WriteAsync(
                Path.GetFullPath(output), (stream, token) => stream.WriteAsync(code, token).AsTask(), cancellationToken);
            await arguments.InvocationConfiguration.Output.WriteLineAsync(
                $"{output}: {code.Length} bytes of native code from {wasm.Length} bytes, for engine {engine.CompatibilityKey}");
            return ExitCodes.Success;
        }
        catch (UsageException exception)
        {
            return await ExitCodes.UsageAsync(arguments, exception);
        }
        catch (GuestLoadException exception)
        {
            return await ExitCodes.FailAsync(arguments, $"{file}: {exception.Message}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return await ExitCodes.FailAsync(arguments, exception.Message);
        }
    }
}
