using System.CommandLine;
using Wagi.Hosting.CommandLine;
using Wagi.Hosting.Files;
using Wagi.Oci.Authentication;
using Wagi.Oci.Content;
using Wagi.Oci.Errors;
using Wagi.Oci.Modules;
using Wagi.Oci.References;
using Wagi.Oci.Remote;
using Wagi.Runtime.Cache;
using Wagi.Runtime.Progress;

namespace Wagi.Runtime.Commands;

/// <summary><c>wagi pull REFERENCE</c>.</summary>
internal sealed class PullCommand
{
    private readonly Argument<string> _reference = new("REFERENCE") { Description = "The module: REGISTRY/REPOSITORY:TAG, or @DIGEST." };
    private readonly RegistryArguments _registry = new();

    private readonly Option<string?> _output = new("--output", "-o")
    {
        Description = "File to write. Default: the last part of the repository with .wasm; '-' is stdout.",
        HelpName = "FILE",
    };

    public Command Create()
    {
        var command = new Command("pull", "Pull a module from an OCI registry, verified by its digest.");
        command.Arguments.Add(_reference);
        command.Options.Add(_output);
        command.Options.Add(_registry.Option);
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        try
        {
            var reference = Reference.Parse(arguments.GetRequiredValue(_reference));
            using var client = _registry.CreateClient(arguments);
            var source = new WasmModuleSource(client);
            var credentials = DockerConfigCredentialStore.FromUserConfiguration();
            var file = arguments.GetValue(_output) ?? reference.Repository.Split('/')[^1] + ".wasm";
            var artifact = await source.LocateAsync(reference, credentials, cancellationToken);
            using var progress = ProgressDisplay.ForCommand(arguments);
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
        catch (Exception exception) when (exception is OciException or IOException or UnauthorizedAccessException)
        {
            return await ExitCodes.FailAsync(arguments, exception.Message);
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
