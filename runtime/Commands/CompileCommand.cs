using System.CommandLine;
using Wagi.Hosting.CommandLine;
using Wagi.Hosting.Files;
using Wagi.Modules.Configuration;
using Wagi.Modules.Status;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Outbound;
using Wagi.Runtime.Progress;
using Wagi.Runtime.Worlds;

namespace Wagi.Runtime.Commands;

/// <summary><c>wagi compile FILE</c>.</summary>
internal sealed class CompileCommand
{
    /// <summary>Standard input or output, in the place of a file.</summary>
    private const string Standard = "-";

    private readonly Argument<string> _file = new("FILE") { Description = "The module: Wasm or WebAssembly text. -: standard input." };

    private readonly Option<string?> _output = new("--output", "-o")
    {
        Description = "File to write; -: standard output. Default: FILE with the ending .cwasm.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _preinitialize = new("--preinitialize")
    {
        Description = $"Whether to run the module's initialization now, instead of in each request. {Preinitializations.WithRandom}: it may use random numbers.",
        HelpName = $"true|false|{Preinitializations.WithRandom}",
    };

    public Command Create()
    {
        var command = new Command(
            "compile",
            "Compile a module to native code for this version on this kind of machine. A modules.toml may name the file as a module. "
            + "Native code is trusted: use only what you compiled yourself.");
        command.Arguments.Add(_file);
        command.Options.Add(_output);
        command.Options.Add(_preinitialize);
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var file = arguments.GetRequiredValue(_file);
        try
        {
            var output = ReadOutput(arguments, file);
            var preinitialization = ReadPreinitialization(arguments);
            var wasm = file == Standard
                ? await ReadStandardInputAsync(cancellationToken)
                : await ModuleFile.ReadAsync(file, cancellationToken);
            using var engine = GuestEngines.Create(new GuestEngineOptions { MaxInstances = 1 });
            byte[] code;
            using (var progress = file == Standard ? ProgressDisplay.None : ProgressDisplay.ForCommand(arguments))
            using (progress.Begin($"compiling {file}"))
            {
                code = engine.Compile(wasm, preinitialization);
            }

            if (output == Standard)
            {
                await using var stdout = Console.OpenStandardOutput();
                await stdout.WriteAsync(code, cancellationToken);
                return ExitCodes.Success;
            }

            await AtomicFile.WriteAsync(Path.GetFullPath(output), code, cancellationToken);
            if (GuestEngine.RemarkOf(code) is { Length: > 0 } remark)
            {
                await arguments.InvocationConfiguration.Error.WriteLineAsync($"{file}: warning: {remark}");
            }

            await arguments.InvocationConfiguration.Output.WriteLineAsync(
                $"{output}: {code.Length} bytes of native code{(GuestEngine.IsInitialized(code) ? ", preinitialized," : "")} from {wasm.Length} bytes, for engine {engine.CompatibilityKey}");
            return ExitCodes.Success;
        }
        catch (UsageException exception)
        {
            return await ExitCodes.UsageAsync(arguments, exception);
        }
        catch (GuestLoadException exception)
        {
            await ExitCodes.FailAsync(arguments, file == Standard ? exception.Message : $"{file}: {exception.Message}");
            return exception.Reason == ModuleReason.NotWasm ? ExitCodes.BadInput : ExitCodes.Failure;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return await ExitCodes.FailAsync(arguments, exception.Message);
        }
    }

    private string ReadOutput(ParseResult arguments, string file)
    {
        var output = arguments.GetValue(_output)
            ?? (file == Standard ? throw new UsageException("name the file to write with -o") : Path.ChangeExtension(file, ".cwasm"));
        return output != Standard && Path.GetFullPath(output) == Path.GetFullPath(file)
            ? throw new UsageException($"-o '{output}' is the module itself; name another file")
            : output;
    }

    private Preinitialization ReadPreinitialization(ParseResult arguments)
    {
        if (arguments.GetValue(_preinitialize) is not { } text)
        {
            return Preinitialization.None;
        }

        return Preinitializations.TryParse(text, out var value)
            ? value
            : throw new UsageException($"--preinitialize '{text}' must be true, false or {Preinitializations.WithRandom}");
    }

    private static async Task<byte[]> ReadStandardInputAsync(CancellationToken cancellationToken)
    {
        await using var stdin = Console.OpenStandardInput();
        using var wasm = new MemoryStream();
        await stdin.CopyToAsync(wasm, cancellationToken);
        return wasm.ToArray();
    }
}
