using System.CommandLine;
using Wagi.Hosting.CommandLine;
using Wagi.Oci.Authentication;
using Wagi.Oci.Errors;
using Wagi.Oci.Files;
using Wagi.Oci.Modules;
using Wagi.Oci.References;
using Wagi.Oci.Remote;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Progress;

namespace Wagi.Runtime.Commands;

/// <summary><c>wagi push FILE REFERENCE</c>, or <c>wagi push --files FOLDER REFERENCE</c>.</summary>
internal sealed class PushCommand
{
    private readonly Argument<string> _file = new("FILE") { Description = "The module: Wasm, or WebAssembly text (.wat), which is translated to Wasm first. With --files, a folder." };
    private readonly Argument<string> _reference = new("REFERENCE") { Description = "Where to: REGISTRY/REPOSITORY:TAG." };
    private readonly PushArguments _push = new();

    private readonly Option<bool> _files = new("--files")
    {
        Description = "Push everything in the folder FILE, for a module to read: 'files' of a WagiModule or an entry.",
    };

    public Command Create()
    {
        var command = new Command("push", "Push a module, or the files for one, to an OCI registry. Prints the reference with the digest.");
        command.Arguments.Add(_file);
        command.Arguments.Add(_reference);
        command.Options.Add(_files);
        foreach (var option in _push.Options)
        {
            command.Options.Add(option);
        }

        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        try
        {
            using var client = _push.Connect(arguments);
            if (arguments.GetValue(_files))
            {
                return await PushFilesAsync(arguments, client, cancellationToken);
            }

            var module = await PushArguments.ReadAsync(arguments.GetRequiredValue(_file), cancellationToken);
            var published = await _push.PushAsync(arguments, client, module, Reference.Parse(arguments.GetRequiredValue(_reference)), cancellationToken);
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

    private async Task<int> PushFilesAsync(ParseResult arguments, RegistryClient client, CancellationToken cancellationToken)
    {
        var folder = arguments.GetRequiredValue(_file);
        if (!Directory.Exists(folder))
        {
            return await ExitCodes.FailAsync(arguments, $"{folder}: {(File.Exists(folder) ? "is a file; --files pushes a folder" : "no such folder")}");
        }

        using var progress = ProgressDisplay.ForCommand(arguments);
        using var item = progress.Begin($"pushing the files in {folder}");
        var published = await new FilesPublisher(client).PublishAsync(
            folder, Reference.Parse(arguments.GetRequiredValue(_reference)), PublishOptions.CreatedFromEnvironment(), DockerConfigCredentialStore.FromUserConfiguration(),
            cancellationToken);
        item.Dispose();
        await arguments.InvocationConfiguration.Output.WriteLineAsync($"oci://{published.Reference}");
        return ExitCodes.Success;
    }
}
