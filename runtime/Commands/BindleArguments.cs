using System.CommandLine;
using Wagi.Bindle.Stores;
using Wagi.Hosting.CommandLine;

namespace Wagi.Runtime.Commands;

/// <summary>Where bindles come from.</summary>
internal sealed class BindleArguments
{
    private const string UrlVariable = "BINDLE_URL";

    private readonly Option<string?> _url = new("--bindle-url")
    {
        Description = $"URL of the Bindle server for modules 'bindle:NAME' that do not name one, with its version: http://localhost:8080/v1. [env: {UrlVariable}]",
        HelpName = "URL",
    };

    /// <summary>The options, to be added to a command.</summary>
    public IEnumerable<Option> Options => [_url];

    /// <summary>The server for modules that do not name one; null: there is none.</summary>
    /// <exception cref="UsageException">It is not a URL.</exception>
    public Uri? ReadServer(ParseResult arguments)
    {
        var (name, text) = arguments.GetValue(_url) is { } flag
            ? (_url.Name, flag)
            : (UrlVariable, Environment.GetEnvironmentVariable(UrlVariable) ?? "");
        return text.Length == 0
            ? null
            : BindleClient.ParseServer(text) ?? throw new UsageException($"{name}: '{text}' is not a URL such as http://localhost:8080/v1");
    }
}
