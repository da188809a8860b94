using System.CommandLine;
using Wagi.Hosting.CommandLine;
using Wagi.Oci.Authentication;
using Wagi.Oci.Modules;
using Wagi.Oci.References;
using Wagi.Oci.Remote;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Progress;

namespace Wagi.Runtime.Commands;

/// <summary>What every command takes that pushes a module.</summary>
internal sealed class PushArguments
{
    private readonly RegistryArguments _registry = new();

    private readonly Option<string> _layout = new("--layout")
    {
        Description = "Form of the artifact: cncf is what current runtimes read, wasm-to-oci what WAGI reads.",
        HelpName = "cncf|wasm-to-oci",
        DefaultValueFactory = _ => "cncf",
    };

    public PushArguments() => _layout.AcceptOnlyFromAmong("cncf", "wasm-to-oci");

    /// <summary>The options, to be added to a command.</summary>
    public IEnumerable<Option> Options => [_layout, .. _registry.Options];

    /// <summary>A client of the registry.</summary>
    public RegistryClient Connect(ParseResult arguments) => Registries.Connect(_registry, arguments);

    /// <summary>
    /// The module in a file and its name. Only what is called text is taken for text: a page that was downloaded by mistake deserves a better
    /// message.
    /// </summary>
    /// <exception cref="IOException">The file cannot be read; the message is for the user.</exception>
    /// <exception cref="GuestLoadException">It is text that cannot be translated.</exception>
    public static async Task<(byte[] Wasm, string Name)> ReadAsync(string file, CancellationToken cancellationToken)
    {
        var content = await ModuleFile.ReadAsync(file, cancellationToken);
        return Path.GetExtension(file).Equals(".wat", StringComparison.OrdinalIgnoreCase)
            ? (GuestEngine.ToWasm(content), Path.ChangeExtension(file, ".wasm"))
            : (content, file);
    }

    /// <summary>Pushes a module, as the arguments want it.</summary>
    /// <exception cref="Wagi.Oci.Errors.OciException">It is not Wasm, or the registry does not take it.</exception>
    /// <exception cref="FormatException"><c>SOURCE_DATE_EPOCH</c> is not a time.</exception>
    public async Task<PublishedModule> PushAsync(
        ParseResult arguments, RegistryClient client, (byte[] Wasm, string Name) module, Reference reference, CancellationToken cancellationToken)
    {
        var options = new PublishOptions
        {
            Layout = arguments.GetValue(_layout) == "cncf" ? PublishLayout.Cncf : PublishLayout.WasmToOci,
            Created = PublishOptions.CreatedFromEnvironment(),
        };
        using var progress = ProgressDisplay.ForCommand(arguments);
        using var item = progress.Begin($"pushing {module.Name} ({module.Wasm.Length} bytes)");
        return await new ModulePublisher(client).PublishAsync(
            module.Wasm, module.Name, reference, options, DockerConfigCredentialStore.FromUserConfiguration(), cancellationToken);
    }
}
