using System.CommandLine;
using Wagi.Hosting.CommandLine;
using Wagi.Oci.Authentication;
using Wagi.Oci.Errors;
using Wagi.Oci.Modules;
using Wagi.Oci.References;
using Wagi.Oci.Remote;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Progress;

namespace Wagi.Runtime.Commands;

/// <summary><c>wagi push FILE REFERENCE</c>.</summary>
internal sealed class PushCommand
{
    private readonly Argument<string> _file = new("FILE") { Description = "The module: Wasm, or WebAssembly text (.wat), which is translated to Wasm first." };
    private readonly Argument<string> _reference = new("REFERENCE") { Description = "Where to: REGISTRY/REPOSITORY:TAG." };
    private readonly RegistryArguments _registry = new();

    private readonly Option<string> _layout = new("--layout")
    {
        Description = "Form of the artifact: cncf is what current runtimes read, wasm-to-oci what WAGI reads.",
        HelpName = "cncf|wasm-to-oci",
        DefaultValueFactory = _ => "cncf",
    };

    public Command Create()
    {
        _layout.AcceptOnlyFromAmong("cncf", "wasm-to-oci");
        var command = new Command("push", "Push a module to an OCI registry. Prints its reference with the digest.");
        command.Arguments.Add(_file);
        command.Arguments.Add(_reference);
        command.Options.Add(_layout);
        command.Options.Add(_registry.Option);
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        try
        {
            using var client = _registry.CreateClient(arguments);
            var options = new PublishOptions
            {
                Layout = arguments.GetValue(_layout) == "cncf" ? PublishLayout.Cncf : PublishLayout.WasmToOci,
                Created = PublishOptions.CreatedFromEnvironment(),
            };
            var (wasm, name) = await ReadAsync(arguments.GetRequiredValue(_file), cancellationToken);
            using var progress = ProgressDisplay.ForCommand(arguments);
            var item = progress.Begin($"pushing {name} ({wasm.Length} bytes)");
            var published = await new ModulePublisher(client).PublishAsync(
                wasm,
                name,
                Reference.Parse(arguments.GetRequiredValue(_reference)),
                options,
                DockerConfigCredentialStore.FromUserConfiguration(),
                cancellationToken);
            item.Dispose();
            await arguments.InvocationConfiguration.Output.WriteLineAsync($"oci://{published.Reference}");
            return ExitCodes.Success;
        }
        catch (GuestLoadException exception)
        {
            return await ExitCodes.FailAsync(arguments, $"{arguments.GetRequiredValue(_file)}: {exception.Message}");
        }
        catch (Exception exception) when (exception is OciException or IOException or UnauthorizedAccessException or FormatException)
        {
            return await ExitCodes.FailAsync(arguments, exception.Message);
        }
    }

    /// <summary>Only what is called text is taken for text: a page that was downloaded by mistake deserves a better message.</summary>
    private static async Task<(byte[] Wasm, string Name)> ReadAsync(string file, CancellationToken cancellationToken)
    {
        var content = await ModuleFile.ReadAsync(file, cancellationToken);
        return Path.GetExtension(file).Equals(".wat", StringComparison.OrdinalIgnoreCase)
            ? (GuestEngine.ToWasm(content), Path.ChangeExtension(file, ".wasm"))
            : (content, file);
    }
}
