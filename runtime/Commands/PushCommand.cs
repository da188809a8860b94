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
    private readonly RegistryArguments _registry = new();

    private readonly Option<string> _layout = new("--layout")
    {
        Description = "Form of the artifact: cncf is what current runtimes read, wasm-to-oci what WAGI reads.",
        HelpName = "cncf|wasm-to-oci",
        DefaultValueFactory = _ => "cncf",
    };

    private readonly Option<bool> _files = new("--files")
    {
        Description = "Push everything in the folder FILE, for a module to read: 'files' of a WagiModule or an entry.",
    };

    public Command Create()
    {
        _layout.AcceptOnlyFromAmong("cncf", "wasm-to-oci");
        var command = new Command("push", "Push a module, or the files for one, to an OCI registry. Prints the reference with the digest.");
        command.Arguments.Add(_file);
        command.Arguments.Add(_reference);
        command.Options.Add(_layout);
        command.Options.Add(_files);
        foreach (var option in _registry.Options)
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
            using var client = Registries.Connect(_registry, arguments);
            if (arguments.GetValue(_files))
            {
                return await PushFilesAsync(arguments, client, cancellationToken);
            }

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

    /// <summary>Only what is called text is taken for text: a page that was downloaded by mistake deserves a better message.</summary>
    private static async Task<(byte[] Wasm, string Name)> ReadAsync(string file, CancellationToken cancellationToken)
    {
        var content = await ModuleFile.ReadAsync(file, cancellationToken);
        return Path.GetExtension(file).Equals(".wat", StringComparison.OrdinalIgnoreCase)
            ? (GuestEngine.ToWasm(content), Path.ChangeExtension(file, ".wasm"))
            : (content, file);
    }
}
