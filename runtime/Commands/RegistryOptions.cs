using System.CommandLine;
using Wagi.Oci.Remote;

namespace Wagi.Runtime.Commands;

/// <summary>What every command that talks to a registry takes.</summary>
internal sealed class RegistryOptions
{
    private readonly Option<string[]> _insecure = new("--insecure-registry")
    {
        Description = "Registry that is spoken to over plain HTTP; loopback always is. May be repeated.",
        HelpName = "HOST[:PORT]",
    };

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command) => command.Options.Add(_insecure);

    /// <summary>A client as the arguments want it.</summary>
    public RegistryClient CreateClient(ParseResult arguments) =>
        new(new RegistryClientOptions { InsecureRegistries = arguments.GetValue(_insecure) ?? [] });
}
