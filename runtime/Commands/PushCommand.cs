using System.CommandLine;
using Wagi.Hosting.CommandLine;
using Wagi.Oci.Authentication;
using Wagi.Oci.Errors;
using Wagi.Oci.Modules;
using Wagi.Oci.References;
using Wagi.Oci.Remote;

namespace Wagi.Runtime.Commands;

/// <summary><c>wagi push FILE REFERENCE</c>.</summary>
internal sealed class PushCommand
{
    private readonly Argument<string> _file = new("FILE") { Description = "The module: a .wasm file." };
    private readonly Argument<string> _reference = new("REFERENCE") { Description = "Where to: REGISTRY/REPOSITORY:TAG." };
    private readonly RegistryOptions _registry = new();

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
        _registry.AddTo(command);
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellation)
    {
        try
        {
            using var client = _registry.CreateClient(arguments);
            var options = new PublishOptions
            {
                Layout = arguments.GetValue(_layout) == "cncf" ? PublishLayout.Cncf : PublishLayout.WasmToOci,
                Created = PublishOptions.CreatedFromEnvironment(),
            };
            var published = await new ModulePublisher(client).PublishAsync(
                arguments.GetRequiredValue(_file),
                Reference.Parse(arguments.GetRequiredValue(_reference)),
                options,
                DockerConfigCredentialStore.FromUserConfiguration(),
                cancellation);
            await Console.Out.WriteLineAsync($"oci://{published.Reference}");
            return ExitCodes.Success;
        }
        catch (Exception error) when (error is OciException or IOException or UnauthorizedAccessException or FormatException)
        {
            return await ExitCodes.FailAsync(error.Message);
        }
    }
}
