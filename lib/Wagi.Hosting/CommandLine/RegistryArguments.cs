using System.CommandLine;
using System.CommandLine.Parsing;
using System.Security.Cryptography;
using Wagi.Modules.Network;

namespace Wagi.Hosting.CommandLine;

/// <summary>What every command takes that talks to a registry.</summary>
public sealed class RegistryArguments
{
    private readonly Option<string[]> _insecure = new("--insecure-registry")
    {
        Description = "Registry that is spoken to over plain HTTP; loopback always is. May be repeated.",
        HelpName = "HOST[:PORT]",
    };

    private readonly Option<CertificateTrust?> _trust = new("--ca-file")
    {
        Description = "Certificates (PEM) of more authorities that servers are trusted for, beside the system's.",
        HelpName = "FILE",
        CustomParser = ReadFile,
    };

    /// <summary>The options, to be added to a command.</summary>
    public IEnumerable<Option> Options => [_insecure, _trust];

    /// <summary>Registries that are spoken to over plain HTTP.</summary>
    public IReadOnlyCollection<string> ReadInsecure(ParseResult arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        return arguments.GetValue(_insecure) ?? [];
    }

    /// <summary>Authorities beside the system's; null: none.</summary>
    public CertificateTrust? ReadTrust(ParseResult arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        return arguments.GetValue(_trust);
    }

    private static CertificateTrust? ReadFile(ArgumentResult argument)
    {
        var path = argument.Tokens.Single().Value;
        try
        {
            return CertificateTrust.Read(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException)
        {
            argument.AddError($"--ca-file {path}: {exception.Message}");
            return null;
        }
    }
}
