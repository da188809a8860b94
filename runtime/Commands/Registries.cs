using System.CommandLine;
using Wagi.Hosting.CommandLine;
using Wagi.Modules.Network;
using Wagi.Oci.Remote;

namespace Wagi.Runtime.Commands;

/// <summary>Registries that a command talks to by itself.</summary>
internal static class Registries
{
    /// <summary>A client as the arguments want it.</summary>
    public static RegistryClient Connect(RegistryArguments registry, ParseResult arguments) => new(new RegistryClientOptions
    {
        InsecureRegistries = registry.ReadInsecure(arguments),
        Guard = new AddressGuard(new AddressRules(), registry.ReadTrust(arguments)),
    });
}
