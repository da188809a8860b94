using System.Collections.Immutable;
using System.CommandLine;
using Wagi.Hosting.CommandLine;
using Wagi.Hosting.Files;
using Wagi.Modules.Problems;
using Wagi.Oci.Authentication;
using Wagi.Oci.Content;
using Wagi.Oci.Errors;
using Wagi.Oci.Files;
using Wagi.Oci.Modules;
using Wagi.Oci.References;
using Wagi.Oci.Remote;
using Wagi.Oci.Spin;
using Wagi.Runtime.Progress;
using Wagi.Spin.Applications;
using Wagi.Spin.Locked;

namespace Wagi.Runtime.Commands;

/// <summary><c>wagi pull REFERENCE</c>.</summary>
internal sealed class PullCommand
{
    private readonly Argument<string> _reference = new("REFERENCE") { Description = "The module: REGISTRY/REPOSITORY:TAG, or @DIGEST." };
    private readonly RegistryArguments _registry = new();

    private readonly Option<string?> _output = new("--output", "-o")
    {
        Description = "File to write, or folder for files. Default: the last part of the repository, for a module with .wasm; '-' is stdout.",
        HelpName = "FILE",
    };

    public Command Create()
    {
        var command = new Command("pull", "Pull a module, or files for one, from an OCI registry, verified by its digest, and say what it is.");
        command.Arguments.Add(_reference);
        command.Options.Add(_output);
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
            var reference = Reference.Parse(arguments.GetRequiredValue(_reference));
            using var client = Registries.Connect(_registry, arguments);
            var source = new WasmModuleSource(client);
            var credentials = DockerConfigCredentialStore.FromUserConfiguration();
            var file = arguments.GetValue(_output) ?? reference.Repository.Split('/')[^1];
            var artifact = await source.LocateAsync(reference, credentials, cancellationToken);
            using var progress = ProgressDisplay.ForCommand(arguments);
            if (artifact.Layout == ModuleLayout.SpinApplication)
            {
                return await DescribeAsync(arguments, artifact, client, source.MaxModuleSize, cancellationToken);
            }

            if (artifact.Layout == ModuleLayout.Files)
            {
                return await PullFilesAsync(arguments, reference, client, file, progress, cancellationToken);
            }

            file += arguments.GetValue(_output) is null ? ".wasm" : "";
            using var item = progress.Begin($"pulling {reference}", artifact.ContentSize);
            if (file == "-")
            {
                await using var stdout = Console.OpenStandardOutput();
                await source.PullAsync(artifact, item.Count(stdout), cancellationToken);
                return ExitCodes.Success;
            }

            PulledModule? pulled = null;
            await AtomicFile.WriteAsync(
                Path.GetFullPath(file),
                async (stream, token) => pulled = await source.PullAsync(artifact, item.Count(stream), token),
                cancellationToken);
            item.Dispose();
            await arguments.InvocationConfiguration.Output.WriteLineAsync($"{file}: {pulled!.Size} bytes, {pulled.WasmDigest}, from oci://{reference.WithDigest(pulled.Digest)}");
            await arguments.InvocationConfiguration.Output.WriteLineAsync($"  {Describe(await File.ReadAllBytesAsync(file, cancellationToken), pulled)}");
            return ExitCodes.Success;
        }
        catch (Exception exception) when (exception is OciException or IOException or UnauthorizedAccessException or FormatException)
        {
            return await ExitCodes.FailAsync(arguments, exception.Message);
        }
    }

    /// <summary>An application is no file: what it is made of is all that there is to show.</summary>
    private static async Task<int> DescribeAsync(
        ParseResult arguments, ModuleArtifact artifact, RegistryClient client, long maxModuleSize, CancellationToken cancellationToken)
    {
        var output = arguments.InvocationConfiguration.Output;
        var locked = LockedApplication.Read(await new SpinLayers(client, maxModuleSize).PullApplicationAsync(artifact, cancellationToken));
        var routes = SpinRoutes.Of(locked.Application, ImmutableDictionary<string, string>.Empty);
        await output.WriteLineAsync($"a Spin application: {Quantity.Of(locked.Application.Components.Length, "component")}, from oci://{artifact.Reference.WithDigest(artifact.Digest)}");
        foreach (var route in routes.Routes)
        {
            var files = locked.Contents[route.Component].Files.Length;
            await output.WriteLineAsync($"  {route.Route}: {route.Component}{(files == 0 ? "" : $", {Quantity.Of(files, "file")}")}");
        }

        foreach (var remark in routes.Remarks.Concat(routes.Refused))
        {
            await arguments.InvocationConfiguration.Error.WriteLineAsync($"{artifact.Reference}: {remark}");
        }

        return await ExitCodes.FailAsync(arguments, $"{artifact.Reference} is more than one module, and nothing was written; name it as the module of an entry whose route ends in '/...'");
    }

    private static async Task<int> PullFilesAsync(
        ParseResult arguments, Reference reference, RegistryClient client, string folder, ProgressDisplay progress, CancellationToken cancellationToken)
    {
        var full = Path.GetFullPath(folder);
        if (folder == "-" || File.Exists(full) || Directory.Exists(full))
        {
            return await ExitCodes.FailAsync(arguments, $"{reference} holds files, which are written to a new folder, and '{folder}' is {(folder == "-" ? "none" : "there already")}; name one with -o");
        }

        var source = new FilesSource(client);
        using var item = progress.Begin($"pulling files {reference}");
        var artifact = await source.LocateAsync(reference, DockerConfigCredentialStore.FromUserConfiguration(), cancellationToken);
        var temporary = AtomicFile.TemporaryFor(full);
        try
        {
            var files = await source.UnpackAsync(artifact, temporary, cancellationToken);
            Directory.Move(temporary, full);
            item.Dispose();
            await arguments.InvocationConfiguration.Output.WriteLineAsync(
                $"{folder}: {Quantity.Of(files.Count, "file")}, {files.Sum(file => file.Size)} bytes, from oci://{reference.WithDigest(artifact.Digest)}");
            return ExitCodes.Success;
        }
        finally
        {
            if (Directory.Exists(temporary))
            {
                Directory.Delete(temporary, recursive: true);
            }
        }
    }

    private static string Describe(byte[] wasm, PulledModule pulled)
    {
        var where = pulled switch
        {
            { Path: { } path } => $"'{path}' of a container image: ",
            _ when MediaTypes.IsWasm(pulled.MediaType) => "",
            _ => $"a layer of type {pulled.MediaType}: ",
        };
        try
        {
            return where + WasmSummary.Of(wasm);
        }
        catch (InvalidDataException exception)
        {
            return $"{where}WebAssembly that is not well formed: {exception.Message}";
        }
    }
}
